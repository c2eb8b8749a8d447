// SPDX-License-Identifier: Apache-2.0
#include "apps/differ/random_steps.h"

#include <algorithm>
#include <array>
#include <limits>

#include "bowline/kv/interval.h"

namespace bowline::differ {
namespace {

using namespace etcdserverpb;
using std::string_literals::operator""s;

constexpr std::size_t streams = 3;
constexpr std::size_t deepest = 3;  // transactions within transactions

// The seed of what is done to a step; one in so many is harmed.
constexpr std::uint64_t damaged_percent = 4;

}  // namespace

Steps RandomSteps::episode(std::size_t steps) {
  watches_ = prng_.chance(40);
  is_big_ = prng_.chance(3);
  writes_ = 1;
  Steps all;
  if (watches_)
    for (std::size_t i = 0; i < streams; ++i) {
      Step open;
      open.kind = Step::Kind::open;
      open.method = &method_of("/etcdserverpb.Watch/Watch");
      open.stream = i;
      all.push_back(open);
    }
  while (all.size() < steps) {
    Step next = step();
    if (next.kind != Step::Kind::hang_up && next.method != nullptr && next.slot == no_slot &&
        prng_.chance(damaged_percent))
      next.damage = 1 + prng_.next() % 1'000'000;
    all.push_back(std::move(next));
  }
  return all;
}

Step RandomSteps::step() {
  const std::uint64_t dice = prng_.below(100);
  if (dice < 14) return lease_step();
  if (dice < 15) {
    constexpr std::array paths = {"/etcdserverpb.KV/Nothing", "/etcdserverpb.Nothing/Range",
                                  "/nothing"};
    return call(paths[prng_.below(paths.size())], RangeRequest());
  }
  if (dice < 33 && watches_) return watch_step();
  return kv_step();
}

Step RandomSteps::call(std::string_view path, const Message& message) {
  Step step;
  step.method = &method_of(path);
  step.bytes = message.SerializeAsString();
  return step;
}

// ---- keys and values

Step RandomSteps::kv_step() {
  const std::uint64_t dice = prng_.below(100);
  if (dice < 35) return call("/etcdserverpb.KV/Range", range());
  if (dice >= 97) {
    CompactionRequest compact;
    compact.set_revision(prng_.chance(70) ? revision_mark + writes_ - 1 -
                                                static_cast<std::int64_t>(prng_.below(12))
                                          : revision());
    compact.set_physical(prng_.chance(30));
    return call("/etcdserverpb.KV/Compact", compact);
  }
  ++writes_;
  if (dice < 60) return call("/etcdserverpb.KV/Put", put());
  if (dice < 70) return call("/etcdserverpb.KV/DeleteRange", erase());
  return call("/etcdserverpb.KV/Txn", txn(0));
}

std::string RandomSteps::some_key() {
  static const std::array<std::string, 16> keys = {
      "a",        "b",       "c",    "d",   "aa",
      "ab",       "abc",     "a\0"s, "\0"s, "\xff",
      "\xff\xff", "k/\xff"s, "k/1",  "k/2", std::string(300, 'l'),
      "\xc3\xa9"};
  if (prng_.chance(2)) return {};
  return prng_.chance(60) ? keys[prng_.below(4)] : keys[prng_.below(keys.size())];
}

std::string RandomSteps::key() {
  std::string one = some_key();
  return one.empty() && prng_.chance(70) ? "a" : one;
}

std::string RandomSteps::range_end(const std::string& key) {
  switch (prng_.below(7)) {
    case 0:
    case 1: return {};
    case 2: return "\0"s;
    case 3: return kv::prefix_end(key);
    case 4: return "z";
    case 5: return "\xff\xff\xff";
    default: return some_key();
  }
}

std::string RandomSteps::value() {
  if (is_big_ && prng_.chance(30)) return std::string(400'000 + prng_.below(1000), 'v');
  if (is_big_ && prng_.chance(4)) return std::string(1'600'000 + prng_.below(1'000'000), 'w');
  switch (prng_.below(6)) {
    case 0: return {};
    case 1: return std::string(prng_.below(300), '\xf0');
    default: return std::to_string(prng_.below(4));
  }
}

std::int64_t RandomSteps::odd_number() {
  constexpr std::array<std::int64_t, 6> odd = {-1,
                                               std::numeric_limits<std::int64_t>::max(),
                                               std::numeric_limits<std::int64_t>::min(),
                                               1,
                                               1'000'000,
                                               -1'000'000};
  return odd[prng_.below(odd.size())];
}

std::int64_t RandomSteps::revision() {
  if (prng_.chance(4)) return odd_number();
  return revision_mark - 2 +
         static_cast<std::int64_t>(prng_.below(static_cast<std::uint64_t>(writes_) + 5));
}

std::int64_t RandomSteps::bound() { return prng_.chance(75) ? 0 : revision(); }

RangeRequest RandomSteps::range() {
  RangeRequest range;
  range.set_key(some_key());
  range.set_range_end(range_end(range.key()));
  if (prng_.chance(30)) range.set_limit(static_cast<std::int64_t>(prng_.below(4)));
  if (prng_.chance(2)) range.set_limit(odd_number());
  if (prng_.chance(30)) range.set_revision(revision());
  if (prng_.chance(40)) range.set_sort_order(static_cast<RangeRequest::SortOrder>(prng_.below(3)));
  if (prng_.chance(40))
    range.set_sort_target(static_cast<RangeRequest::SortTarget>(prng_.below(5)));
  if (prng_.chance(1)) range.set_sort_order(static_cast<RangeRequest::SortOrder>(3));
  range.set_serializable(prng_.chance(40));
  range.set_keys_only(prng_.chance(15));
  range.set_count_only(prng_.chance(10));
  if (!prng_.chance(30)) return range;
  range.set_min_mod_revision(bound());
  range.set_max_mod_revision(bound());
  range.set_min_create_revision(bound());
  range.set_max_create_revision(bound());
  return range;
}

PutRequest RandomSteps::put() {
  PutRequest put;
  put.set_key(key());
  put.set_value(value());
  if (prng_.chance(15)) put.set_lease(lease());
  put.set_prev_kv(prng_.chance(30));
  put.set_ignore_value(prng_.chance(8));
  put.set_ignore_lease(prng_.chance(8));
  if (put.ignore_value() && prng_.chance(80)) put.clear_value();
  if (put.ignore_lease() && prng_.chance(80)) put.clear_lease();
  return put;
}

DeleteRangeRequest RandomSteps::erase() {
  DeleteRangeRequest erase;
  erase.set_key(key());
  if (prng_.chance(40)) erase.set_range_end(range_end(erase.key()));
  erase.set_prev_kv(prng_.chance(40));
  return erase;
}

// ---- transactions

Compare RandomSteps::compare() {
  Compare compare;
  compare.set_key(some_key());
  if (prng_.chance(25)) compare.set_range_end(range_end(compare.key()));
  compare.set_result(static_cast<Compare::CompareResult>(prng_.below(prng_.chance(2) ? 6 : 4)));
  compare.set_target(static_cast<Compare::CompareTarget>(prng_.below(prng_.chance(2) ? 7 : 5)));
  // Now and then the field of another target is there, or none.
  switch (prng_.chance(92) ? static_cast<std::uint64_t>(compare.target()) : prng_.below(6)) {
    case 0: compare.set_version(static_cast<std::int64_t>(prng_.below(3))); break;
    case 1: compare.set_create_revision(prng_.chance(40) ? 0 : revision()); break;
    case 2: compare.set_mod_revision(prng_.chance(40) ? 0 : revision()); break;
    case 3: compare.set_value(value()); break;
    case 4:
      compare.set_lease(prng_.chance(50) ? 0 : lease());
      // Which of two ids that a server chose is the greater one is a matter of chance.
      if (compare.lease() >= lease_mark)
        compare.set_result(prng_.chance(50) ? Compare::EQUAL : Compare::NOT_EQUAL);
      break;
    default: break;
  }
  return compare;
}

void RandomSteps::add_ops(google::protobuf::RepeatedPtrField<RequestOp>& ops, std::size_t depth) {
  std::uint64_t count = prng_.below(4);
  if (prng_.chance(1) && depth == 0) count = 127 + prng_.below(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    RequestOp& op = *ops.Add();
    const std::uint64_t dice = count > 4 ? 0 : prng_.below(100);
    if (dice < 35) {
      *op.mutable_request_range() = range();
    } else if (dice < 65) {
      *op.mutable_request_put() = put();
    } else if (dice < 80) {
      *op.mutable_request_delete_range() = erase();
    } else if (dice < 98 && depth < deepest) {
      *op.mutable_request_txn() = txn(depth + 1);
    } else if (dice < 98) {
      *op.mutable_request_range() = range();
    }
  }
}

TxnRequest RandomSteps::txn(std::size_t depth) {
  TxnRequest txn;
  for (std::uint64_t i = prng_.below(3); i > 0; --i) *txn.add_compare() = compare();
  add_ops(*txn.mutable_success(), depth);
  add_ops(*txn.mutable_failure(), depth);
  return txn;
}

// ---- leases

std::int64_t RandomSteps::lease() {
  if (prng_.chance(10)) return odd_number();
  return lease_mark + static_cast<std::int64_t>(prng_.below(lease_slots));
}

Step RandomSteps::grant() {
  LeaseGrantRequest request;
  request.set_ttl(static_cast<std::int64_t>(1000 + prng_.below(100'000)));
  if (prng_.chance(5)) request.set_ttl(9'000'000'000 + static_cast<std::int64_t>(prng_.below(2)));
  const std::uint64_t slot = prng_.below(lease_slots);
  const bool servers_choice = prng_.chance(25);
  if (!servers_choice) request.set_id(lease_mark + static_cast<std::int64_t>(slot));
  if (prng_.chance(3)) request.set_id(odd_number());
  Step step = call("/etcdserverpb.Lease/LeaseGrant", request);
  if (request.id() == 0) step.slot = slot;
  return step;
}

Step RandomSteps::lease_step() {
  const std::uint64_t dice = prng_.below(100);
  if (dice < 35) return grant();
  if (dice < 50) {
    LeaseRevokeRequest request;
    request.set_id(lease());
    ++writes_;
    return call("/etcdserverpb.Lease/LeaseRevoke", request);
  }
  if (dice < 70) {
    LeaseTimeToLiveRequest request;
    request.set_id(lease());
    request.set_keys(prng_.chance(60));
    return call("/etcdserverpb.Lease/LeaseTimeToLive", request);
  }
  if (dice < 85) {
    LeaseKeepAliveRequest request;
    request.set_id(lease());
    return call("/etcdserverpb.Lease/LeaseKeepAlive", request);
  }
  return call("/etcdserverpb.Lease/LeaseLeases", LeaseLeasesRequest());
}

// ---- watches

Step RandomSteps::say(const WatchRequest& request) {
  Step step = call("/etcdserverpb.Watch/Watch", request);
  step.kind = Step::Kind::say;
  step.stream = prng_.below(streams);
  return step;
}

void RandomSteps::fill_create(WatchCreateRequest& create) {
  create.set_key(some_key());
  if (prng_.chance(70)) create.set_range_end(range_end(create.key()));
  if (prng_.chance(40)) create.set_start_revision(revision());
  create.set_progress_notify(prng_.chance(20));
  create.set_prev_kv(prng_.chance(50));
  create.set_fragment(prng_.chance(30));
  if (prng_.chance(20)) create.add_filters(WatchCreateRequest::NOPUT);
  if (prng_.chance(20)) create.add_filters(WatchCreateRequest::NODELETE);
  if (prng_.chance(2)) create.add_filters(static_cast<WatchCreateRequest::FilterType>(2));
  if (prng_.chance(30)) create.set_watch_id(static_cast<std::int64_t>(prng_.below(6)));
  if (prng_.chance(2)) create.set_watch_id(odd_number());
  // An id of its own: 3.4 gives one even to what it refuses, and would count on from there.
  if (create.start_revision() < 0) create.set_watch_id(1000 + ++negative_id_);
}

Step RandomSteps::watch_step() {
  WatchRequest request;
  const std::uint64_t dice = prng_.below(100);
  if (dice < 60) {
    fill_create(*request.mutable_create_request());
  } else if (dice < 85) {
    request.mutable_cancel_request()->set_watch_id(static_cast<std::int64_t>(prng_.below(8)));
  } else if (dice < 97) {
    request.mutable_progress_request();
  }
  Step step = say(request);
  if (dice == 97) step.kind = Step::Kind::hang_up;
  return step;
}

}  // namespace bowline::differ

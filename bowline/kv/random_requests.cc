// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/random_requests.h"

#include <array>
#include <string>

namespace bowline::kv {
namespace {

using namespace std::string_view_literals;

constexpr std::array keys = {"a"sv,
                             "b"sv,
                             "ab"sv,
                             "a\0"sv,
                             "\0"sv,
                             "\xff"sv,
                             "\xff\xff"sv,
                             "registry/pods/one"sv,
                             "registry/pods/two"sv,
                             "registry/pods/three"sv,
                             "registry/pods"sv,
                             "registry/leases/one"sv};
constexpr std::array ends = {"\0"sv,        "b"sv,  "c"sv, "\xff"sv, "registry/pods0"sv,
                             "registry0"sv, "a\0"sv};

const std::string& large(std::size_t which) {
  static const std::array<std::string, 3> all = {std::string(300, 'x'), std::string(5000, 'y'),
                                                 std::string(9000, 'z')};
  return all[which];
}

}  // namespace

std::string_view RandomRequests::key() {
  if (prng_.chance(2)) return ""sv;
  return keys[prng_.below(keys.size())];
}

std::string_view RandomRequests::value() {
  constexpr std::array few = {""sv, "1"sv, "2"sv, "a value"sv};
  if (prng_.chance(4)) return large(prng_.below(3));
  return few[prng_.below(few.size())];
}

LeaseId RandomRequests::lease() {
  if (prng_.chance(60)) return 0;
  return static_cast<LeaseId>(1 + prng_.below(6));
}

// Mostly one that is there.
std::int64_t RandomRequests::revision() {
  if (prng_.chance(40)) return 0;
  if (prng_.chance(5)) return -3;
  if (prng_.chance(8)) return revision_ + 1 + static_cast<std::int64_t>(prng_.below(3));
  const std::int64_t from = prng_.chance(15) ? 1 : std::max<std::int64_t>(compacted_, 1);
  return from +
         static_cast<std::int64_t>(prng_.below(static_cast<std::uint64_t>(revision_ - from) + 1));
}

Interval RandomRequests::interval() {
  const std::string_view from = key();
  if (prng_.chance(40)) return {from, {}};
  if (prng_.chance(10)) return {from, key()};
  return {from, ends[prng_.below(ends.size())]};
}

Range RandomRequests::range() {
  Range range{.keys = interval()};
  range.revision = revision();
  if (prng_.chance(40)) range.limit = static_cast<std::int64_t>(prng_.below(5)) - 1;
  if (prng_.chance(40)) {
    range.order = static_cast<Order>(prng_.below(3));
    range.sort_by = static_cast<SortBy>(prng_.below(5));
  }
  range.keys_only = prng_.chance(15);
  range.count_only = prng_.chance(15);
  for (std::int64_t* const bound : {&range.min_mod_revision, &range.max_mod_revision,
                                    &range.min_create_revision, &range.max_create_revision})
    if (prng_.chance(10)) *bound = revision();
  return range;
}

Put RandomRequests::put() {
  Put put{.key = key(), .value = value(), .lease = lease()};
  put.prev_kv = prng_.chance(30);
  put.ignore_value = prng_.chance(8);
  put.ignore_lease = prng_.chance(8);
  if (put.ignore_value && prng_.chance(80)) put.value = {};
  if (put.ignore_lease && prng_.chance(80)) put.lease = 0;
  return put;
}

DeleteRange RandomRequests::erase() { return {.keys = interval(), .prev_kv = prng_.chance(30)}; }

Compare RandomRequests::compare() {
  Compare compare{.keys = interval(), .value = {}};
  compare.target = static_cast<Compare::Target>(prng_.below(5));
  compare.result = static_cast<Compare::Result>(prng_.below(4));
  switch (compare.target) {
    case Compare::Target::version:
      compare.number = static_cast<std::int64_t>(prng_.below(4));
      break;
    case Compare::Target::create:
    case Compare::Target::mod: compare.number = revision(); break;
    case Compare::Target::lease: compare.number = lease(); break;
    case Compare::Target::value: compare.value = value(); break;
  }
  return compare;
}

Op RandomRequests::op(std::uint32_t depth) {
  const std::uint64_t dice = prng_.below(10);
  if (dice < 3) return {range()};
  if (dice < 6) return {put()};
  if (dice < 8 || depth == 0) return {erase()};
  return {txn(depth - 1)};
}

// A nested transaction sees the store as it was before the whole of it.
void RandomRequests::ask_for_what_it_wrote(Txn& txn) {
  const Put written{.key = key(), .value = value()};
  Compare as_written{.keys = {written.key, {}}, .value = written.value};
  as_written.target = Compare::Target::value;
  as_written.result = Compare::Result::equal;
  txn.success = {{written}, {Txn{.compares = {as_written}, .success = {}, .failure = {}}}};
}

Txn RandomRequests::txn(std::uint32_t depth) {
  Txn txn;
  for (std::uint64_t i = prng_.below(3); i > 0; --i) txn.compares.push_back(compare());
  for (std::uint64_t i = prng_.below(4); i > 0; --i) txn.success.push_back(op(depth));
  for (std::uint64_t i = prng_.below(3); i > 0; --i) txn.failure.push_back(op(depth));
  if (depth > 0 && prng_.chance(20)) ask_for_what_it_wrote(txn);
  return txn;
}

AlarmChange RandomRequests::alarm() {
  AlarmChange change;
  change.action = static_cast<AlarmChange::Action>(prng_.below(3));
  change.alarm.member = prng_.below(3);
  change.alarm.kind = static_cast<Alarm::Kind>(prng_.below(3));
  return change;
}

Command RandomRequests::command(std::uint64_t term) {
  const std::uint64_t dice = prng_.below(1000);
  const std::uint64_t said = prng_.chance(80) ? term : term - 1;
  if (dice < 450) return put();
  if (dice < 600) return erase();
  if (dice < 870) return txn(2);
  if (dice < 880) return Compact{revision() - static_cast<std::int64_t>(prng_.below(2))};
  if (dice < 920) return LeaseGrant{lease(), static_cast<std::int64_t>(prng_.below(1000))};
  const std::uint64_t tenure = prng_.chance(60) ? 0 : 1 + prng_.below(30);
  if (dice < 960) return LeaseRevoke{lease(), prng_.chance(50) ? 0 : said, tenure};
  if (dice < 980) return LeaseCheckpoint{{{lease(), 5, tenure}, {lease(), 0}}, said};
  // Alarms go soon, or little else would happen.
  if (dice < 983) return alarm();
  return AlarmChange{.action = AlarmChange::Action::clear, .alarm = {}};
}

WatchRequest RandomRequests::watch() {
  WatchRequest request{.keys = interval()};
  while (request.keys.is_empty()) request.keys = interval();
  request.start = revision();
  request.no_put = prng_.chance(10);
  request.no_erase = prng_.chance(10);
  request.prev_kv = prng_.chance(50);
  request.fragment = prng_.chance(40);
  request.progress_notify = prng_.chance(30);
  return request;
}

}  // namespace bowline::kv

// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/txn_run.h"

#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"

namespace bowline::kv {
namespace {

template <class T>
bool is_so(const T& found, Compare::Result result, const T& wanted) {
  switch (result) {
    case Compare::Result::equal: return found == wanted;
    case Compare::Result::greater: return found > wanted;
    case Compare::Result::less: return found < wanted;
    case Compare::Result::not_equal: return found != wanted;
  }
  return false;
}

std::int64_t number_of(const Version& version, Compare::Target target) {
  switch (target) {
    case Compare::Target::version: return version.version;
    case Compare::Target::create: return version.create;
    case Compare::Target::mod: return version.main;
    case Compare::Target::lease: return version.lease;
    case Compare::Target::value: break;
  }
  return 0;
}

bool holds_for(const Compare& compare, const Version& version) {
  if (compare.target == Compare::Target::value)
    return is_so(Values::view(version), compare.result, compare.value);
  return is_so(number_of(version, compare.target), compare.result, compare.number);
}

// Of no key at all every number is 0, and there is no value that could be compared.
bool holds(const Store& store, const Compare& compare) {
  bool is_any = false;
  bool is_good = true;
  if (!compare.keys.is_empty())
    store.each(compare.keys, [&](const Version& version) {
      is_any = true;
      return is_good = holds_for(compare, version);
    });
  if (is_any) return is_good;
  if (compare.target == Compare::Target::value) return false;
  return is_so(std::int64_t{0}, compare.result, compare.number);
}

void find_path(const Store& store, const Txn& txn, Path& path) {
  path.push_back(holds(store, txn.compares));
  for (const Op& op : path.back() ? txn.success : txn.failure)
    if (const auto* nested = std::get_if<Txn>(&op.what)) find_path(store, *nested, path);
}

Refusal refused(const State& state, const Range& range) {
  if (range.revision <= 0) return Refusal::none;
  if (range.revision > state.store.revision()) return Refusal::future_revision;
  return range.revision < state.store.compacted() ? Refusal::compacted : Refusal::none;
}

// All puts of the path are looked at before the first of its ranges: so clients are told the same
// as by an etcd, if several things are wrong.
enum class Looks : bool { at_puts, at_ranges };

Refusal refused(const State& state, const Txn& txn, Walk& walk, Looks looks) {
  for (const Op& op : walk.take(txn)) {
    Refusal refusal = Refusal::none;
    if (const auto* nested = std::get_if<Txn>(&op.what)) {
      refusal = refused(state, *nested, walk, looks);
    } else if (const auto* put = std::get_if<Put>(&op.what); put && looks == Looks::at_puts) {
      refusal = refused(state, *put, Asked::in_txn);
    } else if (const auto* range = std::get_if<Range>(&op.what);
               range && looks == Looks::at_ranges) {
      refusal = refused(state, *range);
    }
    if (refusal != Refusal::none) return refusal;
  }
  return Refusal::none;
}

RangeAnswer carry_out(State& state, const Range& range) {
  auto answer = state.store.range(range);
  ensure(answer.has_value());  // it was checked
  return *std::move(answer);
}

TxnAnswer carry_out(State& state, const Txn& txn, Walk& walk);

OpAnswer carry_out(State& state, const Op& op, Walk& walk) {
  OpAnswer answer;
  if (const auto* txn = std::get_if<Txn>(&op.what)) {
    answer.what = carry_out(state, *txn, walk);
    return answer;
  }
  if (const auto* range = std::get_if<Range>(&op.what)) {
    answer.what = carry_out(state, *range);
  } else if (const auto* put = std::get_if<Put>(&op.what)) {
    answer.what = carry_out(state, *put);
  } else if (const auto* erase = std::get_if<DeleteRange>(&op.what)) {
    answer.what = carry_out(state, *erase);
  }
  answer.revision = state.store.revision() + (state.store.is_written() ? 1 : 0);
  return answer;
}

TxnAnswer carry_out(State& state, const Txn& txn, Walk& walk) {
  TxnAnswer answer;
  const std::vector<Op>* branch = &walk.take(txn);
  answer.succeeded = walk.succeeded();
  if (planted(Bug::p46_compares_after_writes)) {
    answer.succeeded = kv::holds(state.store, txn.compares);
    branch = answer.succeeded ? &txn.success : &txn.failure;
  }
  if (planted(Bug::p87_other_branch_is_begun) && !answer.succeeded && !txn.success.empty())
    if (const auto* put = std::get_if<Put>(&txn.success.front().what); put && put->lease == 0)
      carry_out(state, Put{.key = put->key, .value = put->value});
  for (const Op& op : *branch) answer.responses.push_back(carry_out(state, op, walk));
  return answer;
}

}  // namespace

bool holds(const Store& store, const std::vector<Compare>& compares) {
  for (const Compare& compare : compares)
    if (!holds(store, compare)) return false;
  return true;
}

Path path_of(const Store& store, const Txn& txn) {
  Path path;
  find_path(store, txn, path);
  return path;
}

Refusal refused(const State& state, const Put& put, Asked asked) {
  if (put.ignore_value && !put.value.empty()) return Refusal::value_provided;
  if (put.ignore_lease && put.lease != 0) return Refusal::lease_provided;
  const bool has_lease = put.lease == 0 || state.leases.find(put.lease) != nullptr;
  if (!has_lease && asked == Asked::alone) return Refusal::lease_not_found;
  if ((put.ignore_value || put.ignore_lease) && state.store.find(put.key) == nullptr)
    return Refusal::key_not_found;
  return has_lease ? Refusal::none : Refusal::lease_not_found;
}

Refusal refused(const State& state, const Txn& txn, const Path& path) {
  Walk first(path);
  const Refusal refusal = refused(state, txn, first, Looks::at_puts);
  if (refusal != Refusal::none) return refusal;
  Walk again(path);
  return refused(state, txn, again, Looks::at_ranges);
}

// What is to be kept was there when it was checked. If the same transaction deleted it since (which
// whoever talks to clients refuses), there is nothing left to keep, and it begins anew.
PutAnswer carry_out(State& state, const Put& put) {
  PutAnswer answer;
  const bool looks = put.prev_kv || put.ignore_value || put.ignore_lease;
  const Version* const before = looks ? state.store.find(put.key) : nullptr;
  std::string_view value = put.value;
  LeaseId lease = put.lease;
  if (before != nullptr) {
    if (put.prev_kv) answer.before = state.store.item(*before);
    if (put.ignore_value) value = Values::view(*before);
    if (put.ignore_lease) lease = before->lease;
  }
  const Version& now = state.store.put(put.key, value, lease);
  const LeaseId had = now.older == nullptr ? 0 : now.older->lease;
  if (had == lease) return answer;
  if (had != 0) state.leases.detach(had, *now.key);
  if (lease != 0) state.leases.attach(lease, *now.key);
  return answer;
}

DeleteAnswer carry_out(State& state, const DeleteRange& erase) {
  DeleteAnswer answer;
  if (erase.keys.is_empty()) return answer;
  std::vector<const Version*> versions;
  state.store.each(erase.keys, [&](const Version& version) {
    versions.push_back(&version);
    return true;
  });
  for (const Version* const version : versions) {
    if (erase.prev_kv) answer.before.push_back(state.store.item(*version));
    if (version->lease != 0) state.leases.detach(version->lease, *version->key);
    state.store.erase(*version);
  }
  answer.deleted = static_cast<std::int64_t>(versions.size());
  return answer;
}

TxnAnswer carry_out(State& state, const Txn& txn, const Path& path) {
  Walk walk(path);
  return carry_out(state, txn, walk);
}

}  // namespace bowline::kv

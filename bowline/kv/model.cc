// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/model.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace bowline::kv::model {
namespace {

bool is_in(const Interval& keys, std::string_view key) {
  if (keys.range_end.empty()) return key == keys.key;
  if (keys.range_end == std::string_view("\0", 1)) return key >= keys.key;
  return key >= keys.key && key < keys.range_end;
}

template <class T>
bool compared(const T& a, Compare::Result result, const T& b) {
  if (result == Compare::Result::equal) return a == b;
  if (result == Compare::Result::not_equal) return !(a == b);
  return result == Compare::Result::less ? a < b : b < a;
}

bool satisfies(const Compare& compare, const Value& found) {
  using Target = Compare::Target;
  if (compare.target == Target::value)
    return compared(std::string_view(found.value), compare.result, compare.value);
  const std::map<Target, std::int64_t> numbers = {{Target::version, found.version},
                                                  {Target::create, found.create},
                                                  {Target::mod, found.mod},
                                                  {Target::lease, found.lease}};
  return compared(numbers.at(compare.target), compare.result, compare.number);
}

bool is_between(std::int64_t number, std::int64_t least, std::int64_t most) {
  return (least == 0 || number >= least) && (most == 0 || number <= most);
}

// Less, in the order that is asked for.
bool is_before(const Range& range, const Item& a, const Item& b) {
  switch (range.sort_by) {
    case SortBy::key: return a.key < b.key;
    case SortBy::version: return a.version < b.version;
    case SortBy::create: return a.create_revision < b.create_revision;
    case SortBy::mod: return a.mod_revision < b.mod_revision;
    case SortBy::value: return a.value < b.value;
  }
  return false;
}

RangeAnswer look(const Map& map, const Range& range) {
  RangeAnswer answer;
  for (const auto& [key, value] : map) {
    if (!is_in(range.keys, key)) continue;
    ++answer.count;
    if (range.count_only) continue;
    if (!is_between(value.mod, range.min_mod_revision, range.max_mod_revision)) continue;
    if (!is_between(value.create, range.min_create_revision, range.max_create_revision)) continue;
    answer.items.push_back(item_of(key, value));
  }
  std::ranges::sort(answer.items, [&](const Item& a, const Item& b) {
    const bool turns = range.order == Order::descending;
    if (turns ? is_before(range, b, a) : is_before(range, a, b)) return true;
    const bool are_equal = !is_before(range, a, b) && !is_before(range, b, a);
    return are_equal && a.key < b.key;
  });
  if (range.limit > 0 && static_cast<std::int64_t>(answer.items.size()) > range.limit) {
    answer.items.resize(static_cast<std::size_t>(range.limit));
    answer.more = true;
  }
  if (range.keys_only)
    for (Item& item : answer.items) item.value = {};
  return answer;
}

}  // namespace

Item item_of(std::string_view key, const Value& value) {
  return {.key = key,
          .value = value.value,
          .create_revision = value.create,
          .mod_revision = value.mod,
          .version = value.version,
          .lease = value.lease};
}

Model::Model() : maps_(2) {}

Model::Model(std::int64_t revision, Map now, const std::set<LeaseId>& leases) : first_(revision) {
  maps_.push_back(std::move(now));
  for (const LeaseId id : leases) leases_[id] = {.tenure = ++granted_, .ttl = 1};
}

Answer Model::run(const Command& command, std::uint64_t term) {
  term_ = term;
  working_ = now();
  seen_.clear();
  const auto has = [&](Alarm::Kind kind) {
    return std::ranges::any_of(alarms_, [&](const Alarm& alarm) { return alarm.kind == kind; });
  };
  Said said = std::unexpected(Refusal::corrupt);
  if (std::holds_alternative<AlarmChange>(command) || !has(Alarm::Kind::corrupt))
    said = std::visit([&](const auto& what) { return run(what); }, command);
  if (!open_.empty()) {
    std::ranges::move(open_, std::back_inserter(writes_));
    open_.clear();
    maps_.push_back(working_);
  }
  Answer answer{.revision = revision(), .said = {}};
  if (said) {
    answer.said = *std::move(said);
  } else {
    answer.refusal = said.error();
  }
  return answer;
}

std::expected<RangeAnswer, Refusal> Model::range(const Range& range) const {
  if (range.revision > revision()) return std::unexpected(Refusal::future_revision);
  if (range.revision > 0 && range.revision < compacted_) return std::unexpected(Refusal::compacted);
  return look(range.revision > 0 ? at(range.revision) : now(), range);
}

RangeAnswer Model::range_at(std::int64_t revision, const Range& range) const {
  return look(at(revision), range);
}

Event Model::event(const Write& write, bool with_before) const {
  Event event{.kind = write.now ? Event::Kind::put : Event::Kind::erase,
              .sub = write.sub,
              .item = {.key = write.key, .value = {}, .mod_revision = write.main},
              .before = std::nullopt};
  if (write.now) event.item = item_of(write.key, *write.now);
  if (!with_before || write.main - 1 < compacted_) return event;
  if (event.kind == Event::Kind::put && event.item.create_revision == write.main) return event;
  const Map& before = at(write.main - 1);
  if (const auto found = before.find(write.key); found != before.end())
    event.before = item_of(found->first, found->second);
  return event;
}

std::vector<std::string> Model::keys_of(LeaseId lease) const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : now())
    if (value.lease == lease) keys.push_back(key);
  return keys;
}

void Model::write(std::string_view key, std::optional<Value> value) {
  const std::int64_t main = revision() + 1;
  if (value) {
    const auto found = working_.find(key);
    const bool is_new = found == working_.end();
    value->mod = main;
    value->create = is_new ? main : found->second.create;
    value->version = is_new ? 1 : found->second.version + 1;
    working_[std::string(key)] = *value;
  } else {
    working_.erase(std::string(key));
  }
  open_.push_back({main, static_cast<std::int64_t>(open_.size()), std::string(key), value});
}

// --- Puts and deletes.

Refusal Model::check(const Put& put) const {
  if (put.ignore_value && !put.value.empty()) return Refusal::value_provided;
  if (put.ignore_lease && put.lease != 0) return Refusal::lease_provided;
  if ((put.ignore_value || put.ignore_lease) && !now().contains(put.key))
    return Refusal::key_not_found;
  if (put.lease != 0 && !leases_.contains(put.lease)) return Refusal::lease_not_found;
  return Refusal::none;
}

Model::Said Model::run(const Put& put) {
  if (std::ranges::any_of(alarms_, [](const Alarm& a) { return a.kind == Alarm::Kind::no_space; }))
    return std::unexpected(Refusal::no_space);
  Refusal refusal = check(put);
  // Alone, the lease is looked for first.
  if (refusal == Refusal::key_not_found && put.lease != 0 && !leases_.contains(put.lease))
    refusal = Refusal::lease_not_found;
  if (refusal != Refusal::none) return std::unexpected(refusal);
  return act(put);
}

PutAnswer Model::act(const Put& put) {
  seen_.push_back(working_);
  const auto found = seen_.back().find(put.key);
  Value value{.value = std::string(put.value), .lease = put.lease};
  PutAnswer answer;
  if (found != seen_.back().end()) {
    if (put.prev_kv) answer.before = item_of(found->first, found->second);
    if (put.ignore_value) value.value = found->second.value;
    if (put.ignore_lease) value.lease = found->second.lease;
  }
  write(put.key, value);
  return answer;
}

Model::Said Model::run(const DeleteRange& erase) { return act(erase); }

DeleteAnswer Model::act(const DeleteRange& erase) {
  seen_.push_back(working_);
  DeleteAnswer answer;
  for (const auto& [key, value] : seen_.back()) {
    if (!is_in(erase.keys, key)) continue;
    ++answer.deleted;
    if (erase.prev_kv) answer.before.push_back(item_of(key, value));
    write(key, std::nullopt);
  }
  return answer;
}

// --- Transactions.

bool Model::holds(const Compare& compare) const {
  bool is_any = false;
  for (const auto& [key, value] : now()) {
    if (!is_in(compare.keys, key)) continue;
    is_any = true;
    if (!satisfies(compare, value)) return false;
  }
  if (is_any) return true;
  return compare.target != Compare::Target::value && satisfies(compare, Value());
}

void Model::decide(const Txn& txn, std::map<const Txn*, bool>& taken) const {
  taken[&txn] = std::ranges::all_of(txn.compares, [&](const Compare& c) { return holds(c); });
  for (const auto* branch : {&txn.success, &txn.failure})
    for (const Op& op : *branch)
      if (const auto* nested = std::get_if<Txn>(&op.what)) decide(*nested, taken);
}

Refusal Model::check(const Txn& txn, const std::map<const Txn*, bool>& taken) const {
  const Refusal refusal = check_puts(txn, taken);
  return refusal == Refusal::none ? check_ranges(txn, taken) : refusal;
}

Refusal Model::check_puts(const Txn& txn, const std::map<const Txn*, bool>& taken) const {
  for (const Op& op : taken.at(&txn) ? txn.success : txn.failure) {
    Refusal refusal = Refusal::none;
    if (const auto* put = std::get_if<Put>(&op.what)) refusal = check(*put);
    if (const auto* nested = std::get_if<Txn>(&op.what)) refusal = check_puts(*nested, taken);
    if (refusal != Refusal::none) return refusal;
  }
  return Refusal::none;
}

Refusal Model::check_ranges(const Txn& txn, const std::map<const Txn*, bool>& taken) const {
  for (const Op& op : taken.at(&txn) ? txn.success : txn.failure) {
    Refusal refusal = Refusal::none;
    if (const auto* nested = std::get_if<Txn>(&op.what)) refusal = check_ranges(*nested, taken);
    if (const auto* asked = std::get_if<Range>(&op.what))
      if (const auto answer = range(*asked); !answer) refusal = answer.error();
    if (refusal != Refusal::none) return refusal;
  }
  return Refusal::none;
}

Model::Said Model::run(const Txn& txn) {
  const auto puts = [](const auto& self, const Txn& of) -> bool {
    for (const auto* branch : {&of.success, &of.failure})
      for (const Op& op : *branch) {
        if (std::holds_alternative<Put>(op.what)) return true;
        if (const auto* nested = std::get_if<Txn>(&op.what))
          if (self(self, *nested)) return true;
      }
    return false;
  };
  for (const Alarm& alarm : alarms_)
    if (alarm.kind == Alarm::Kind::no_space && puts(puts, txn))
      return std::unexpected(Refusal::no_space);
  std::map<const Txn*, bool> taken;
  decide(txn, taken);
  const Refusal refusal = check(txn, taken);
  if (refusal != Refusal::none) return std::unexpected(refusal);
  return act(txn, taken);
}

TxnAnswer Model::act(const Txn& txn, const std::map<const Txn*, bool>& taken) {
  TxnAnswer answer{.succeeded = taken.at(&txn), .responses = {}};
  for (const Op& op : answer.succeeded ? txn.success : txn.failure) {
    OpAnswer response;
    if (const auto* nested = std::get_if<Txn>(&op.what)) {
      response.what = act(*nested, taken);
      answer.responses.push_back(response);
      continue;
    }
    if (const auto* put = std::get_if<Put>(&op.what)) response.what = act(*put);
    if (const auto* erase = std::get_if<DeleteRange>(&op.what)) response.what = act(*erase);
    if (const auto* range = std::get_if<Range>(&op.what)) {
      seen_.push_back(range->revision > 0 ? at(range->revision) : working_);
      response.what = look(seen_.back(), *range);
    }
    response.revision = open_revision();
    answer.responses.push_back(response);
  }
  return answer;
}

// --- The rest.

Model::Said Model::run(const Compact& compact) {
  if (compact.revision <= compacted_) return std::unexpected(Refusal::compacted);
  if (compact.revision > revision()) return std::unexpected(Refusal::future_revision);
  compacted_ = compact.revision;
  return CompactAnswer();
}

Model::Said Model::run(const LeaseGrant& grant) {
  for (const Alarm& alarm : alarms_)
    if (alarm.kind == Alarm::Kind::no_space) return std::unexpected(Refusal::no_space);
  if (grant.id == 0) return std::unexpected(Refusal::malformed);
  if (leases_.contains(grant.id)) return std::unexpected(Refusal::lease_exists);
  leases_[grant.id] = {.tenure = ++granted_, .ttl = grant.ttl};
  return LeaseGrantAnswer{grant.id, grant.ttl};
}

Model::Said Model::run(const LeaseRevoke& revoke) {
  if (revoke.expired_in != 0 && revoke.expired_in != term_)
    return std::unexpected(Refusal::expired_elsewhere);
  if (!leases_.contains(revoke.id)) return std::unexpected(Refusal::lease_not_found);
  if (revoke.tenure != 0 && revoke.tenure != leases_[revoke.id].tenure)
    return std::unexpected(Refusal::expired_elsewhere);
  for (const std::string& key : keys_of(revoke.id)) write(key, std::nullopt);
  leases_.erase(revoke.id);
  return LeaseRevokeAnswer();
}

Model::Said Model::run(const LeaseCheckpoint& checkpoint) {
  for (const LeaseCheckpoint::Left& left : checkpoint.left)
    if (checkpoint.term == term_ && leases_.contains(left.id) &&
        (left.tenure == 0 || left.tenure == leases_[left.id].tenure))
      leases_[left.id].left = left.ttl;
  return LeaseCheckpointAnswer();
}

Model::Said Model::run(const AlarmChange& change) {
  AlarmAnswer answer;
  if (change.action == AlarmChange::Action::raise) {
    if (change.alarm.kind == Alarm::Kind::none) return answer;
    alarms_.insert(change.alarm);
    answer.alarms = {change.alarm};
    return answer;
  }
  const std::set<Alarm> all = alarms_;
  for (const Alarm& alarm : all) {
    if (change.alarm.member != 0 && change.alarm.member != alarm.member) continue;
    if (change.alarm.kind != Alarm::Kind::none && change.alarm.kind != alarm.kind) continue;
    answer.alarms.push_back(alarm);
    if (change.action == AlarmChange::Action::clear) alarms_.erase(alarm);
  }
  return answer;
}

}  // namespace bowline::kv::model

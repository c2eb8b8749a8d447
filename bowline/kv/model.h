// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/kv/answer.h"
#include "bowline/kv/command.h"

// What the map has to be like, for tests: a copy of everything at each revision, and no other way
// to look at it than from the first key to the last. Slow, and easy to believe.
namespace bowline::kv::model {

struct Value {
  std::string value;
  std::int64_t create = 0;
  std::int64_t mod = 0;
  std::int64_t version = 0;
  LeaseId lease = 0;
};
using Map = std::map<std::string, Value, std::less<>>;

struct Write {
  std::int64_t main = 0;
  std::int64_t sub = 0;
  std::string key;
  std::optional<Value> now;  // nullopt: it was erased
};

struct Lease {
  std::uint64_t tenure = 0;
  std::int64_t ttl = 0;
  std::int64_t left = 0;
};

Item item_of(std::string_view key, const Value&);

class Model {
 public:
  Model();
  // One that knows only the present: this map, and that there are these leases.
  Model(std::int64_t revision, Map now, const std::set<LeaseId>& leases);

  // Views this model and the command; good until the model is changed again.
  Answer run(const Command&, std::uint64_t term);
  std::expected<RangeAnswer, Refusal> range(const Range&) const;
  // As of a revision, whatever is compacted and whatever the range says.
  RangeAnswer range_at(std::int64_t revision, const Range&) const;

  std::int64_t revision() const { return first_ + static_cast<std::int64_t>(maps_.size()) - 1; }
  std::int64_t compacted() const { return compacted_; }
  const Map& at(std::int64_t revision) const {
    return maps_[static_cast<std::size_t>(revision - first_)];
  }
  const Map& now() const { return maps_.back(); }
  const std::vector<Write>& writes() const { return writes_; }  // of all time
  Event event(const Write&, bool with_before) const;
  const std::map<LeaseId, Lease>& leases() const { return leases_; }
  std::vector<std::string> keys_of(LeaseId) const;
  const std::set<Alarm>& alarms() const { return alarms_; }

 private:
  using Said = std::expected<kv::Said, Refusal>;
  Said run(const Put&);
  Said run(const DeleteRange&);
  Said run(const Txn&);
  Said run(const Compact&);
  Said run(const LeaseGrant&);
  Said run(const LeaseRevoke&);
  Said run(const LeaseCheckpoint&);
  Said run(const AlarmChange&);

  bool holds(const Compare&) const;
  void decide(const Txn&, std::map<const Txn*, bool>& taken) const;
  Refusal check(const Txn&, const std::map<const Txn*, bool>& taken) const;
  Refusal check_puts(const Txn&, const std::map<const Txn*, bool>& taken) const;
  Refusal check_ranges(const Txn&, const std::map<const Txn*, bool>& taken) const;
  Refusal check(const Put&) const;
  TxnAnswer act(const Txn&, const std::map<const Txn*, bool>& taken);
  PutAnswer act(const Put&);
  DeleteAnswer act(const DeleteRange&);
  std::int64_t open_revision() const { return revision() + (open_.empty() ? 0 : 1); }
  void write(std::string_view key, std::optional<Value>);

  std::int64_t first_ = 0;
  std::deque<Map> maps_;  // by revision, from `first_` on; of a new one the first two are empty
  std::vector<Write> writes_;
  std::int64_t compacted_ = -1;
  std::map<LeaseId, Lease> leases_;
  std::uint64_t granted_ = 0;
  std::set<Alarm> alarms_;
  std::uint64_t term_ = 0;
  // Of the transaction that is under way.
  Map working_;
  std::vector<Write> open_;
  std::deque<Map> seen_;  // what its answers view
};

}  // namespace bowline::kv::model

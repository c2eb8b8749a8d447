// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "bowline/kv/interval.h"
#include "bowline/kv/item.h"

// What may be asked of the map: etcd's requests, field by field, without its bytes. Nobody here
// owns bytes: a request views a buffer of whoever made it, or the command that it was decoded from.
//
// What depends on the request alone is checked before it is proposed, by whoever talks to clients:
// empty keys, unknown enums, too many operations, one key put twice in a transaction. The map takes
// what it is given, and does something defined with all of it.
namespace bowline::kv {

enum class Order : std::uint8_t { none, ascending, descending };
enum class SortBy : std::uint8_t { key, version, create, mod, value };

struct Range {
  Interval keys;
  std::int64_t limit = 0;     // <= 0: none
  std::int64_t revision = 0;  // <= 0: the present
  Order order = Order::none;  // none of something other than the key: ascending
  SortBy sort_by = SortBy::key;
  bool serializable = false;  // for whoever decides where to read; nothing to the map
  bool keys_only = false;     // values are empty
  bool count_only = false;
  // 0: no bound. They are inclusive, come before the limit, and leave the count alone.
  std::int64_t min_mod_revision = 0;
  std::int64_t max_mod_revision = 0;
  std::int64_t min_create_revision = 0;
  std::int64_t max_create_revision = 0;
  friend bool operator==(const Range&, const Range&) = default;
};

struct Put {
  std::string_view key;
  std::string_view value;
  LeaseId lease = 0;
  bool prev_kv = false;
  bool ignore_value = false;  // keep the value that there is
  bool ignore_lease = false;  // keep the lease that there is
  friend bool operator==(const Put&, const Put&) = default;
};

struct DeleteRange {
  Interval keys;
  bool prev_kv = false;
  friend bool operator==(const DeleteRange&, const DeleteRange&) = default;
};

struct Compare {
  enum class Target : std::uint8_t { version, create, mod, value, lease };
  enum class Result : std::uint8_t { equal, greater, less, not_equal };
  Interval keys;  // every key in it has to satisfy
  Target target = Target::version;
  Result result = Result::equal;
  std::int64_t number = 0;  // to compare with, if the target is not the value
  std::string_view value;   // if it is
  friend bool operator==(const Compare&, const Compare&) = default;
};

struct Op;
// All compares, those of nested transactions too, see the state before it.
struct Txn {
  std::vector<Compare> compares;
  std::vector<Op> success;
  std::vector<Op> failure;
  friend bool operator==(const Txn&, const Txn&);
};

struct Op {
  std::variant<Range, Put, DeleteRange, Txn> what;
  friend bool operator==(const Op&, const Op&) = default;
};
inline bool operator==(const Txn& a, const Txn& b) {
  return a.compares == b.compares && a.success == b.success && a.failure == b.failure;
}

struct Compact {
  std::int64_t revision = 0;
  friend bool operator==(const Compact&, const Compact&) = default;
};

struct LeaseGrant {
  LeaseId id = 0;        // drawn by whoever proposes, never 0
  std::int64_t ttl = 0;  // seconds; whoever proposes raises it to the least that is allowed
  friend bool operator==(const LeaseGrant&, const LeaseGrant&) = default;
};

// By a client, or because it expired. Who says that a lease expired led in some term, and knows
// only what it heard in that term: if the entry is of another one, it is refused, and the lease
// stays. (A leader that was paused would otherwise revoke what the next one keeps alive.)
struct LeaseRevoke {
  LeaseId id = 0;
  std::uint64_t expired_in = 0;  // a term; 0: a client wants it
  // Which lease of that id, see Lease: it may have been revoked and granted anew while this was
  // under way. 0: whichever is there.
  std::uint64_t tenure = 0;
  friend bool operator==(const LeaseRevoke&, const LeaseRevoke&) = default;
};

// What is left of some leases, so that the next leader does not begin with all of it.
struct LeaseCheckpoint {
  struct Left {
    LeaseId id = 0;
    std::int64_t ttl = 0;      // seconds; 0: all of it again, it was kept alive
    std::uint64_t tenure = 0;  // as in LeaseRevoke; of another one nothing is changed
    friend bool operator==(const Left&, const Left&) = default;
  };
  std::vector<Left> left;
  std::uint64_t term = 0;  // in which it was measured; an entry of another term changes nothing
  friend bool operator==(const LeaseCheckpoint&, const LeaseCheckpoint&) = default;
};

// While there is an alarm, some of what is asked is refused, see Refusal.
struct Alarm {
  enum class Kind : std::uint8_t { none, no_space, corrupt };
  std::uint64_t member = 0;
  Kind kind = Kind::none;
  friend auto operator<=>(const Alarm&, const Alarm&) = default;
};
struct AlarmChange {
  enum class Action : std::uint8_t { list, raise, clear };
  Action action = Action::list;
  Alarm alarm;  // member 0: all; kind none: all
  friend bool operator==(const AlarmChange&, const AlarmChange&) = default;
};

}  // namespace bowline::kv

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bowline/kv/item.h"
#include "bowline/kv/request.h"

namespace bowline::kv {

// Why the map did not do it. All of these are decided by the replicated state, so every replica
// says the same.
enum class Refusal : std::uint8_t {
  none,
  malformed,        // these bytes are no command of a version that is known here
  compacted,        // the revision is not kept any more
  future_revision,  // there is no such revision yet
  key_not_found,    // ignore_value or ignore_lease, and nothing to keep
  value_provided,   // ignore_value, and yet a value
  lease_provided,   // ignore_lease, and yet a lease
  lease_not_found,
  lease_exists,
  expired_elsewhere,  // LeaseRevoke::expired_in is not the term of the entry: decide anew
  no_space,           // an alarm: puts and grants are refused
  corrupt,            // an alarm: everything is refused but alarms
  answer_too_large,   // what it asks to be told weighs too much, see weight.h
  answer_left_out,    // it was done; but what was to be told of it is too much for now
};
inline constexpr std::uint8_t refusals = 14;
std::string_view words(Refusal);  // a sentence for people

struct RangeAnswer {
  std::vector<Item> items;
  bool more = false;
  std::int64_t count = 0;  // of all keys in the interval at that revision
  friend bool operator==(const RangeAnswer&, const RangeAnswer&) = default;
};
struct PutAnswer {
  std::optional<Item> before;
  friend bool operator==(const PutAnswer&, const PutAnswer&) = default;
};
struct DeleteAnswer {
  std::int64_t deleted = 0;
  std::vector<Item> before;
  friend bool operator==(const DeleteAnswer&, const DeleteAnswer&) = default;
};
struct OpAnswer;
struct TxnAnswer {
  bool succeeded = false;
  std::vector<OpAnswer> responses;  // to the operations of the branch that was taken
  friend bool operator==(const TxnAnswer&, const TxnAnswer&);
};
struct OpAnswer {
  // As the header of this answer has it: before the first write of the transaction the revision
  // that was found, from then on the new one. Of a nested transaction it is 0.
  std::int64_t revision = 0;
  std::variant<RangeAnswer, PutAnswer, DeleteAnswer, TxnAnswer> what;
  friend bool operator==(const OpAnswer&, const OpAnswer&) = default;
};
inline bool operator==(const TxnAnswer& a, const TxnAnswer& b) {
  return a.succeeded == b.succeeded && a.responses == b.responses;
}
struct CompactAnswer {
  friend bool operator==(const CompactAnswer&, const CompactAnswer&) = default;
};
struct LeaseGrantAnswer {
  LeaseId id = 0;
  std::int64_t ttl = 0;
  friend bool operator==(const LeaseGrantAnswer&, const LeaseGrantAnswer&) = default;
};
struct LeaseRevokeAnswer {
  friend bool operator==(const LeaseRevokeAnswer&, const LeaseRevokeAnswer&) = default;
};
struct LeaseCheckpointAnswer {
  friend bool operator==(const LeaseCheckpointAnswer&, const LeaseCheckpointAnswer&) = default;
};
struct AlarmAnswer {
  std::vector<Alarm> alarms;  // those that were listed, raised or cleared
  friend bool operator==(const AlarmAnswer&, const AlarmAnswer&) = default;
};

// To a command, in the same order as Command (command.h).
using Said = std::variant<PutAnswer, DeleteAnswer, TxnAnswer, CompactAnswer, LeaseGrantAnswer,
                          LeaseRevokeAnswer, LeaseCheckpointAnswer, AlarmAnswer>;
struct Answer {
  std::int64_t revision = 0;  // of the map afterwards: that of the header
  Refusal refusal = Refusal::none;
  Said said;  // means nothing if it was refused
  friend bool operator==(const Answer&, const Answer&) = default;
};

std::string encode(const Answer&);
// What is in it views the bytes. nullopt: a machine did not make these.
std::optional<Answer> decode_answer(std::string_view bytes);

}  // namespace bowline::kv

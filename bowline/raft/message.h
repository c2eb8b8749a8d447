// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "bowline/raft/entry.h"
#include "bowline/raft/membership.h"

namespace bowline::raft {

struct VoteRequest {
  LogId last;
  Round campaign;         // echoed: answers to an earlier try confirm nothing
  bool pre = false;       // only asking: would you? (dissertation 9.6)
  bool transfer = false;  // the leader asked me to: do not protect it (dissertation 3.10)
};

// Why a vote was not given, so that the candidate knows whether to try again soon.
enum class Denial : std::uint8_t { none, leader_alive, log_behind, voted, old_term };

struct VoteReply {
  Round campaign;
  bool pre = false;
  bool granted = false;
  Denial denial = Denial::none;
};

struct AppendRequest {  // with no entries: a heartbeat, a probe, or news of a commit
  LogId prev;
  Index commit;
  Round round;
  bool news = false;  // only tells of a commit: answer nothing but a refusal
  bool rest = false;  // nothing is to be done: sleep, if you have all this and committed it
  Batch entries;
};

struct AppendReply {
  Round round;  // the newest of this leader's rounds that was heard
  bool matched = false;
  bool full = false;        // no room: send no more entries until an answer says otherwise
  bool installing = false;  // busy with a snapshot
  bool resting = false;     // I sleep, and rely on my node to be told if yours is gone
  bool lost = false;        // my disk lost what I may have acknowledged: from the hint again
  Index match;              // durable through here, and equal to the leader's log
  Index refused;            // if not matched: the prev that was not ours ...
  LogId hint;               // ... and the last entry of ours that may be the leader's too
};

struct SnapshotOffer {  // what you lack is no longer in my log: fetch a snapshot; also a heartbeat
  Base base;
  Index commit;
  Round round;
};

struct TimeoutNow {};  // campaign at once: leadership is handed to you

struct ReadRequest {  // from a follower: what index is safe to read at?
  Round id;
};
struct ReadReply {
  Round id;
  bool granted = false;
  Index index;
};

struct EntriesRequest {  // my disk lost these: have you?
  std::vector<LogId> wanted;
};
struct EntriesReply {
  Batch entries;
  std::optional<Base> base;  // some are in my log no more: a snapshot through here covers them
};

using Body = std::variant<VoteRequest, VoteReply, AppendRequest, AppendReply, SnapshotOffer,
                          TimeoutNow, ReadRequest, ReadReply, EntriesRequest, EntriesReply>;

inline constexpr std::uint8_t protocol_version = 1;

struct Message {
  std::uint8_t version = protocol_version;
  ClusterId cluster;
  Incarnation from;  // the life of the sender's disk
  Incarnation to;    // the life it means to speak to; 0: whichever
  Term term;
  Body body;
};

}  // namespace bowline::raft

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "bowline/base/time.h"
#include "bowline/raft/effect.h"
#include "bowline/raft/membership.h"
#include "bowline/raft/progress.h"
#include "bowline/wire/frame.h"

namespace bowline::wire {

// What a node answers to an operator (ask.h).

struct Done {
  LogId id;  // the entry that it became, or through which the snapshot goes; 0: neither
};

enum class Why : std::uint8_t {
  not_here,    // the node has no such group
  not_leader,  // ask whoever leads
  outdated,    // the configuration is not the one that was expected
  later,       // it may be different soon
  never,
};
struct Declined {  // it was not done, and never will be
  Why why = Why::never;
  std::string sentence;
  NodeId leader;        // who may know better; 0: not known
  std::string address;  // of that one; empty: not known
};
struct Unsure {  // it may be done, or become so
  std::string sentence;
};

struct PeerReport {  // of another member, as the leader sees it
  NodeId id;
  Index match;
  raft::Progress::Mode mode = raft::Progress::Mode::probing;
  bool up = false;
  bool caught_up = false;
  std::optional<Duration> silent;  // since it was heard last; none: never by this leader
};

struct GroupReport {
  GroupId group;
  NodeId node;  // who says so
  raft::Role role = raft::Role::follower;
  Term term;
  NodeId leader;  // 0: not known
  Index commit;
  LogId applied, last, base, snapshot;
  Index members_at;  // the entry that brought the members
  raft::Membership members;
  bool change_pending = false;
  bool asleep = false;
  bool damaged = false;
  bool stateless = false;
  bool stopped = false;
  std::vector<PeerReport> peers;  // of a leader
};

struct GroupLine {  // of many
  GroupId group;
  raft::Role role = raft::Role::follower;
  NodeId leader;
  std::vector<NodeId> takers;  // of a leader: who could lead as well, and is there
};

struct LinkReport {
  NodeId id;
  std::string address;
  std::uint8_t version = 0;  // of the protocol that is spoken with it; 0: there is no connection
};

struct NodeReport {
  NodeId id;
  std::string name;
  std::uint8_t newest_version = 0;
  std::uint64_t groups = 0;
  std::uint64_t leads = 0;
  std::vector<LinkReport> links;
  std::vector<GroupLine> lines;
  bool more = false;  // groups behind these
};

using Answered = std::variant<Done, Declined, Unsure, GroupReport, NodeReport>;

struct Answer {
  std::uint64_t number = 0;
  Answered what;
};

inline constexpr std::uint32_t most_answer_bytes = 4 << 20;
inline constexpr std::size_t most_words_bytes = 1024;

std::string frame_of(const Answer&);
// An error: the frame is of another kind, or was not made by this.
Result<Answer> answer_in(const Frame&);

}  // namespace bowline::wire

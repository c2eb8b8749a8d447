// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "bowline/raft/membership.h"
#include "bowline/wire/frame.h"
#include "bowline/wire/version.h"

namespace bowline::wire {

// What an operator asks of a node, on a connection of its own: each is a frame, and gets one answer
// (answer.h). Of a group the node answers for itself: whoever wants another one asks there.

struct AskNode {  // who it is, and some of its groups, in their order
  GroupId after;  // the first of them comes behind this one
  std::uint32_t most_groups = 100;
};
struct AskGroup {  // how it stands, as this node sees it
  GroupId group;
};
struct AskMembers {  // the whole set that is wanted
  GroupId group;
  std::vector<raft::Wanted> wanted;
  std::optional<Index> expected;  // only if this configuration is still in force
};
struct AskCancel {  // the change of the members that is under way
  GroupId group;
};
struct AskTransfer {
  GroupId group;
  NodeId to;  // 0: to whoever is best
};
struct AskSnapshot {  // of this node's state, now
  GroupId group;
};
struct AskRecover {  // this node goes on alone, under another name; what only others have is lost
  GroupId group;
  ClusterId anew;
};
struct AskDestroy {  // nothing of the group shall be left on this node
  GroupId group;
  bool even_a_member = false;  // also if it is one still, as far as this node knows
};
using Asked = std::variant<AskNode, AskGroup, AskMembers, AskCancel, AskTransfer, AskSnapshot,
                           AskRecover, AskDestroy>;

struct Ask {
  std::uint64_t number = 0;  // the answer has the same
  Asked what;
};

inline constexpr std::uint32_t most_ask_bytes = 1 << 20;
inline constexpr std::uint32_t most_groups_at_once = 1000;

GroupId group_of(const Asked&);        // 0: of the node
std::string text(const Asked&);        // as a line, for people
bool changes_something(const Asked&);  // to ask it twice may do it twice
Version since(const Asked&);           // which version it takes
std::string frame_of(const Ask&);
// An error: the frame is of another kind, or was not made by this, or says what this version does
// not know.
Result<Ask> ask_in(const Frame&, Version = newest_version);

}  // namespace bowline::wire

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>

#include "bowline/raft/membership.h"

namespace bowline::sim {

// The witnesses count for themselves: were they to ask the code that they watch, a bug there would
// blind them. Bit i of a set stands for members[i].
using MemberSet = std::uint64_t;

bool is_quorum(const raft::Membership&, MemberSet);

// True if no decision of one membership can be taken without somebody who would have to agree to
// each decision of the other. Tries all sets of voters.
bool quorums_meet(const raft::Membership&, const raft::Membership&);

// The same, where only some would agree at all.
struct Electorate {
  const raft::Membership& membership;
  std::span<const NodeId> agree;
};
bool quorums_meet(const Electorate&, const Electorate&);

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>

#include "bowline/raft/membership.h"
#include "bowline/sim/site.h"
#include "bowline/sim/world.h"

// Questions about who counts, that only somebody who sees all disks can answer.
namespace bowline::sim {

// The membership in force according to a disk; null: it knows of no group.
raft::MembershipPtr in_force(const Image&);

// Do those who are `fine` suffice: a majority of the voters, of the outgoing half, and of those who
// are to be voters when the change in flight is done?
bool suffices(const raft::Membership&, const std::function<bool(const raft::Member&)>& fine);

// Has this member lost the disk that the group counts on?
bool lost(const World&, const raft::Member&);

// May the disk of this node be lost now, without harm that nobody could repair?
bool may_be_wiped(const World&, NodeId);

// May this entry rot on that node: does enough remain elsewhere?
bool may_rot(const World&, NodeId, Index);

}  // namespace bowline::sim

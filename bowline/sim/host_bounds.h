// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bowline/host/shard.h"

// What a whole node may have in memory of what it was asked for (I19). Each as a sentence; empty:
// it is as it should be.
namespace bowline::sim {

// One that is larger than the bound is taken if there is nothing else: no proposal is larger than
// `largest`.
std::string beyond(const host::Backlog&, std::uint64_t largest);

// What is left at a node where nothing is to be done. Links to those beside `peers` may be stuck.
// Who gives a snapshot may not know that the other side is gone, since no idle connection is asked
// for a sign of life here; so only who fetches one counts.
std::string left_over(const host::Shard&, const host::Replica&, const std::vector<NodeId>& peers);
std::string waits_still(const host::Replica&);

}  // namespace bowline::sim

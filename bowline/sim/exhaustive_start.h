// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "bowline/sim/exhaustive_replica.h"

namespace bowline::sim::small {

// The replicas with which a search begins; nothing is on its way between them. Other starts than a
// fresh group are reached from it, by a fixed script, through the same cores.
std::vector<Replica> starting(const Limits&);

}  // namespace bowline::sim::small

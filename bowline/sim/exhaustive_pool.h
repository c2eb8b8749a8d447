// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/sim/exhaustive.h"

// The same search as in exhaustive.h, but with pasts that are not told apart, so that larger limits
// are affordable. A cell is what the nodes have promised and written down, the votes on their way,
// and what was observed. Everything else that was seen together with a cell - what a leader knows
// of its followers, what a follower knows of its leader, all other messages that were ever sent -
// is pooled, and any of it is taken to go with any other of it.
//
// Pooling only adds behaviours. So if nothing is violated here, nothing is violated within the
// limits; if something is, it may be a behaviour that does not exist: search() then looks for it
// among those that do.
namespace bowline::sim::small {

Report prove(const Limits&, const Onlooker& = {});

}  // namespace bowline::sim::small

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "bowline/sim/exhaustive_replica.h"

namespace bowline::sim::small {

// What one replica owes to the others, checked on the step that owed it, and apart from the core's
// own checks:
//
//   a vote, and the candidate's own, is on disk when it leaves; one a term, over all lives
//   what a candidate claims to have is on disk when it asks
//   an acknowledgement names only what is on disk, in a term that is
//   a leader's log only grows in its term
//   what the core takes for durable is
//
// Notes the vote in `taken`. Empty if all of it holds.
std::string broken_promise(const Replica& before, Taken& taken);

}  // namespace bowline::sim::small

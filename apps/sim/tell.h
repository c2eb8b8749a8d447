// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "bowline/sim/plan.h"
#include "bowline/sim/story.h"

namespace bowline::apps {

// What happened in one seed, on stdout, for a person who wants to understand it. Returns the exit
// code: 0 if nothing was broken.
int tell(std::uint64_t seed, const sim::Settings&, const sim::StoryRange&);

}  // namespace bowline::apps

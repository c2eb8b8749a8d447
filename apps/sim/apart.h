// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/sim/recorded.h"

namespace bowline::apps {

// Lives through a history in a process of its own, so that also one that ends at an ensure(), or
// never, has a verdict: it broke I25. What a history drew that never ended, nobody knows.
sim::Verdict judge_apart(const sim::Recorded&, bool with_draws);

}  // namespace bowline::apps

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bowline/sim/exhaustive_space.h"

namespace bowline::sim::small {

// What one edge of a site does, for a person: one line for the act, one for each effect.
std::vector<std::string> told(const Space&, std::uint32_t site, const Outcome&, const Limits&);

}  // namespace bowline::sim::small

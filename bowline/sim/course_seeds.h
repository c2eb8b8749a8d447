// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "bowline/sim/course.h"

namespace bowline::sim {

// Runs a test with each of these seeds. With odd ones a crash is a power failure.
inline constexpr std::uint64_t course_seeds = 50;
void with_seeds(CourseSetup, void (*test)(CourseGroup&));

// The test fails if the value is above; the margin is noted either way, and printed at the end.
void expect_at_most(const std::string& what, double value, double limit, const std::string& unit);

}  // namespace bowline::sim

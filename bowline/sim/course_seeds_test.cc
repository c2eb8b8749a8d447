// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/course_seeds.h"

#include <cstdio>
#include <memory>

#include <gtest/gtest.h>

#include "bowline/sim/margins.h"

namespace bowline::sim {
namespace {

Margins& margins() {
  static Margins all;
  return all;
}

class AtTheEnd : public testing::Environment {
 public:
  void TearDown() override { std::fputs(margins().table().c_str(), stdout); }
};

const testing::Environment* const at_the_end =
    testing::AddGlobalTestEnvironment(std::make_unique<AtTheEnd>().release());

}  // namespace

void with_seeds(CourseSetup setup, void (*test)(CourseGroup&)) {
  for (setup.seed = 1; setup.seed <= course_seeds; ++setup.seed) {
    SCOPED_TRACE("seed " + std::to_string(setup.seed));
    CourseGroup group(setup);
    test(group);
    EXPECT_EQ(group.fault(), "");
    if (testing::Test::HasFailure()) return;
  }
}

void expect_at_most(const std::string& what, double value, double limit, const std::string& unit) {
  margins().note(what, value, limit, unit);
  EXPECT_LE(value, limit) << what << ", in " << unit;
}

}  // namespace bowline::sim

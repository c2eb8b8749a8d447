// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/side_groups.h"

#include <string>

#include <gtest/gtest.h>

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

// One side group that was founded and used for a while in good weather.
struct SideGroupsCase {
  explicit SideGroupsCase(std::uint64_t seed)
      : decisions(seed), world(plan(seed), &decisions), groups(world, decisions) {
    for (std::uint64_t i = 1; i <= 3; ++i) world.start(NodeId{i});
    world.run(10s);
  }
  static Plan plan(std::uint64_t seed) {
    Plan plan = calm_plan(3, seed);
    plan.whole = true;
    plan.climate.side_groups = 1;
    plan.weather_ends = Time{10s};
    return plan;
  }
  std::string settle() {
    return groups.settle([](NodeId) { return true; }, 1s);
  }

  Decisions decisions;
  World world;
  SideGroups groups;
};

TEST(SideGroups, all_that_can_take_a_write_in_the_calm) {
  std::uint64_t settled = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SideGroupsCase one(seed);
    EXPECT_EQ(one.settle(), "") << seed;
    EXPECT_FALSE(one.world.violation()) << seed;
    settled += one.world.counters().groups_settled;
  }
  EXPECT_GT(settled, 5U);
}

TEST(SideGroups, one_whose_members_do_not_hear_each_other_is_named) {
  std::uint64_t named = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SideGroupsCase one(seed);
    for (std::uint64_t i = 1; i <= 3; ++i) one.world.isolate(NodeId{i});
    one.world.run(5s);
    const std::string missing = one.settle();
    if (missing.starts_with("group 2 takes no write in its life ")) ++named;
  }
  EXPECT_GT(named, 3U);
}

TEST(SideGroups, one_of_which_too_few_are_well_is_not_asked) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SideGroupsCase one(seed);
    EXPECT_EQ(one.groups.settle([](NodeId) { return false; }, 1s), "") << seed;
    EXPECT_EQ(one.world.counters().groups_settled, 0U) << seed;
  }
}

}  // namespace
}  // namespace bowline::sim

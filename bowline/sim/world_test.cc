// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/world.h"

#include <gtest/gtest.h>

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

void start_all(World& world) {
  for (std::uint64_t i = 1; i <= world.sites(); ++i) world.start(NodeId{i});
}

TEST(World, a_quiet_group_elects_once_and_never_again) {
  for (const std::uint32_t nodes : {1U, 2U, 3U, 5U, 7U}) {
    World world(calm_plan(nodes));
    start_all(world);
    ASSERT_TRUE(world.wait_for_leader(4s)) << nodes;
    world.run(1000s);
    EXPECT_FALSE(world.violation());
    EXPECT_EQ(world.counters().elections_won, 1U) << nodes;
    EXPECT_EQ(world.leaders(), 1U);
  }
}

TEST(World, a_write_is_applied_by_all) {
  World world(calm_plan(3));
  world.keep_journals();
  start_all(world);
  ASSERT_TRUE(world.wait_for_leader());
  const Ticket ticket = world.propose(world.leader(), Bytes::copy("x"));
  ASSERT_TRUE(world.wait_for(ticket));
  ASSERT_TRUE(world.request(ticket).committed());
  ASSERT_TRUE(world.wait_applied(world.request(ticket).first.index));
  for (std::uint64_t i = 1; i <= 3; ++i) {
    ASSERT_EQ(world.journal(NodeId{i}).size(), 1U);
    EXPECT_EQ(world.journal(NodeId{i}).front().view(), "x");
  }
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/transfers_rig.h"

// Nodes that fetch snapshots of each other over connections: slow ones, ones that stall, and many
// at once.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr NodeId one{1};
constexpr NodeId two{2};
constexpr NodeId three{3};
constexpr std::uint64_t piece = 1 << 20;

// A piece takes a hundred seconds.
TEST(Fetching, over_a_slow_link_it_takes_its_time_and_ends_well) {
  TransfersRig rig;
  rig.take(one, the_group, 20, 2 * piece + 77);
  rig.slow_down(10'000);
  const Time begun = rig.streams.now();
  const auto fetched = rig.fetch(two, the_group, 15, {one});
  ASSERT_TRUE(rig.arrive({fetched}, 10min));
  EXPECT_GT(rig.streams.now() - begun, 200s);
  EXPECT_EQ((*fetched)->value().id.index, Index{20});
  EXPECT_EQ(rig.calls(one), 1U);
}

// Its kernel still answers for it.
TEST(Fetching, who_stalls_in_the_midst_of_a_piece_is_left_for_another_one) {
  TransfersRig rig({.bytes_per_second = 100'000});
  rig.take(one, the_group, 20, 2 * piece);
  rig.take(three, the_group, 20, 2 * piece);
  const auto fetched = rig.fetch(two, the_group, 15, {one, three});
  rig.streams.run(5s);
  ASSERT_EQ(rig.calls(one), 1U);
  ASSERT_EQ(rig.progress(two, the_group).pieces, 0U);
  rig.streams.pause(one, true);
  ASSERT_TRUE(rig.streams.run_until([&] { return rig.calls(three) == 1; }, 8s));
  EXPECT_TRUE(rig.arrive({fetched}, 1min));
}

TEST(Fetching, who_says_hello_and_nothing_else_is_left) {
  TransfersRig rig;
  rig.take(three, the_group, 20, piece);
  const auto fetched = rig.fetch(two, the_group, 15, {one, three});
  ASSERT_TRUE(rig.streams.run_until([&] { return rig.calls(one) == 1; }, 1s));
  rig.streams.pause(one, true);
  EXPECT_TRUE(rig.arrive({fetched}, 4s));
}

// A piece takes sixteen seconds of the pace.
TEST(Fetching, of_many_who_fetch_at_a_slow_pace_none_waits_long_for_its_turn) {
  TransfersRig rig({.bytes_per_second = piece / 16});
  std::vector<TransfersRig::Fetched> all;
  for (std::uint64_t group = 1; group <= 12; ++group) {
    rig.take(one, {group}, 20, piece);
    all.push_back(rig.fetch(group % 2 == 0 ? two : three, {group}, 15, {one}));
  }
  const Time begun = rig.streams.now();
  ASSERT_TRUE(rig.arrive(all, 10min));
  EXPECT_LT(rig.streams.now() - begun, 12 * 16s + 5s);
  EXPECT_EQ(rig.calls(one), 12U);
}

}  // namespace
}  // namespace bowline::sim

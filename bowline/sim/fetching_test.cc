// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
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

std::vector<TransfersRig::Fetched> fetch_many(TransfersRig& rig, std::uint64_t groups,
                                              const std::vector<NodeId>& from) {
  std::vector<TransfersRig::Fetched> all;
  for (std::uint64_t group = 1; group <= groups; ++group)
    all.push_back(rig.fetch(two, {group}, 15, from));
  return all;
}

// Who gives would turn most of them away.
TEST(Fetching, of_very_many_groups_few_are_fetched_at_once) {
  TransfersRig rig({.bytes_per_second = 0});
  for (std::uint64_t group = 1; group <= 200; ++group) rig.take(one, {group}, 20, 10'000);
  const auto all = fetch_many(rig, 200, {one});
  std::size_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    rig.streams.run(100us);
    most = std::max(most, rig.transfers(one).given().size());
  }
  EXPECT_TRUE(rig.arrive(all, 10s));
  EXPECT_EQ(most, 16U);
  EXPECT_EQ(rig.calls(one), 200U);
}

TEST(Fetching, those_that_nobody_gives_do_not_keep_the_others) {
  TransfersRig rig({.fetches_at_once = 2});
  rig.take(one, {9}, 20, 10'000);
  rig.streams.pause(three, true);
  const auto in_vain = fetch_many(rig, 6, {three});
  const auto good = rig.fetch(two, {9}, 15, {one});
  EXPECT_TRUE(rig.arrive({good}, 11s));
  rig.streams.run(30s);
  for (const auto& one_of_them : in_vain) EXPECT_TRUE(*one_of_them && !**one_of_them);
}

TEST(Fetching, who_is_stopped_before_its_turn_is_not_fetched) {
  TransfersRig rig({.bytes_per_second = piece, .fetches_at_once = 1});
  for (std::uint64_t group = 1; group <= 3; ++group) rig.take(one, {group}, 20, piece * 2);
  const auto all = fetch_many(rig, 3, {one});
  rig.stop(two, {2});
  rig.streams.run(10ms);
  rig.stop(two, {1});
  EXPECT_TRUE(rig.arrive({all[2]}, 10s));
  rig.streams.run(10s);
  EXPECT_FALSE(*all[0] || *all[1]);
  EXPECT_EQ(rig.calls(one), 2U);
}

}  // namespace
}  // namespace bowline::sim

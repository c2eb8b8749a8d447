// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/members.h"
#include "bowline/sim/world.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr NodeId first{1};
constexpr NodeId second{2};
constexpr NodeId third{3};

void begin(World& world) {
  for (std::uint64_t i = 1; i <= world.sites(); ++i) world.start(NodeId{i});
  ASSERT_TRUE(world.wait_for_leader());
  world.run(1s);
}

// One by one, so that each lies in a batch of its own.
void write(World& world, int count, const std::string& command = "x") {
  for (int i = 0; i < count; ++i) {
    const Ticket ticket = world.propose(world.leader(), Bytes::copy(command));
    ASSERT_TRUE(world.wait_for(ticket));
    ASSERT_TRUE(world.request(ticket).committed());
  }
}

NodeId follower_of(const World& world) { return world.leader() == first ? second : first; }

TEST(WorldDisk, what_rotted_is_noticed_when_it_is_read_and_comes_back_from_others) {
  World world(calm_plan(3));
  begin(world);
  write(world, 20);
  world.run(1s);
  const NodeId victim = follower_of(world);
  ASSERT_TRUE(world.rot(victim, Index{10}, {.noticed = true}));
  EXPECT_TRUE(world.site(victim)->durable.rotten.covers(Index{10}));
  world.run(5s);
  EXPECT_FALSE(world.violation());
  EXPECT_GT(world.counters().not_readable, 0U);
  EXPECT_EQ(world.counters().entries_mended, world.counters().entries_rotten);
  EXPECT_FALSE(world.site(victim)->durable.rotten.any());
}

TEST(WorldDisk, what_rotted_unseen_is_found_by_the_next_start) {
  World world(calm_plan(3));
  begin(world);
  write(world, 20);
  world.run(1s);
  const NodeId victim = follower_of(world);
  ASSERT_TRUE(world.rot(victim, Index{10}, {.dice = 2}));  // bits: errors would be met at once
  world.run(5s);
  EXPECT_EQ(world.counters().entries_mended, 0U);
  world.crash(victim, Crash::power);
  world.start(victim);
  world.run(5s);
  EXPECT_FALSE(world.violation());
  EXPECT_EQ(world.counters().entries_mended, world.counters().entries_rotten);
  EXPECT_FALSE(world.site(victim)->durable.rotten.any());
}

TEST(WorldDisk, one_bad_block_of_a_batch_costs_nothing) {
  World world(calm_plan(3));
  begin(world);
  write(world, 20);
  world.run(1s);
  const NodeId victim = follower_of(world);
  ASSERT_TRUE(world.rot(victim, Index{10}, {.wide = false}));
  EXPECT_EQ(world.counters().batches_mended, 0U);
  world.crash(victim, Crash::kill);
  world.start(victim);
  EXPECT_EQ(world.counters().batches_mended, 1U);
  world.run(5s);
  EXPECT_FALSE(world.violation());
  EXPECT_EQ(world.counters().entries_rotten, 0U);
}

TEST(WorldDisk, never_more_than_a_minority_loses_the_same_entry) {
  World world(calm_plan(3));
  begin(world);
  write(world, 20);
  world.run(1s);
  for (std::uint64_t dice = 1; dice <= 60; ++dice)
    world.rot(NodeId{1 + dice % 3}, Index{5 + dice % 10}, {.dice = dice});
  EXPECT_GT(world.counters().entries_rotten, 5U);
  for (Index i{5}; i < Index{15}; i = i.next()) {
    std::size_t rotten = 0;
    for (const NodeId id : {first, second, third})
      if (world.site(id)->durable.rotten.covers(i)) ++rotten;
    EXPECT_LE(rotten, 1U) << i.value;
  }
  for (const NodeId id : {first, second, third}) {
    world.crash(id, Crash::power);
    world.start(id);
  }
  ASSERT_TRUE(world.wait_for_leader(20s));
  write(world, 1);
  world.run(10s);
  EXPECT_FALSE(world.violation());
  for (const NodeId id : {first, second, third}) EXPECT_FALSE(world.site(id)->durable.rotten.any());
}

TEST(WorldDisk, what_a_start_still_knew_may_be_hit_again) {
  World world(calm_plan(3));
  begin(world);
  for (int i = 0; i < 20; ++i)  // several to a batch, each in blocks of its own
    world.propose(world.leader(), Bytes::copy(std::string(3000, 'x')));
  world.run(1s);
  const NodeId victim = follower_of(world);
  for (std::uint64_t dice = 1; dice <= 200 && !world.violation(); ++dice) {
    world.rot(victim, Index{5 + dice % 10}, {.dice = dice});
    world.crash(victim, Crash::kill);
    if (dice % 3 == 0) world.rot(victim, Index{5 + dice % 7}, {.dice = dice + 1000});
    world.start(victim);
    if (dice % 5 == 0) world.run(500ms);
  }
  EXPECT_FALSE(world.violation());
  EXPECT_GT(world.counters().entries_rotten, 100U);
}

// What it was told may be on its disk although it had no time to say so.
TEST(WorldDisk, whoever_was_forced_to_go_on_alone_is_known_by_its_disk) {
  std::size_t told_by_disk = 0;
  for (int microseconds = 0; microseconds < 4000; microseconds += 50) {
    World world(calm_plan(3));
    begin(world);
    write(world, 3);
    const NodeId alone = follower_of(world);
    for (const NodeId id : {first, second, third})
      if (id != alone) world.ruin(id);
    const ClusterId anew = world.cluster().next();
    world.recover(alone, anew);
    world.run(std::chrono::microseconds(microseconds));
    const bool said = std::ranges::any_of(std::vector{first, second, third},
                                          [&](NodeId id) { return world.site(id)->given_up; });
    world.crash(alone, Crash::kill);
    world.start(alone);
    ASSERT_FALSE(world.violation());
    const bool forced = in_force(world.site(alone)->durable)->cluster == anew;
    for (const NodeId id : {first, second, third})
      EXPECT_EQ(world.site(id)->given_up, forced && id != alone) << microseconds;
    if (forced && !said) ++told_by_disk;
  }
  EXPECT_GT(told_by_disk, 0U);
}

TEST(WorldDisk, who_lags_far_behind_is_served_from_the_disk) {
  Plan plan = calm_plan(3);
  plan.climate.tail_bytes = 200;
  World world(plan);
  world.keep_journals();
  begin(world);
  const NodeId lags = follower_of(world);
  world.isolate(lags);
  write(world, 30);
  EXPECT_EQ(world.counters().read_on_disk, 0U);
  world.reconnect(lags);
  world.run(10s);
  EXPECT_FALSE(world.violation());
  EXPECT_GE(world.counters().read_on_disk, 20U);
  EXPECT_EQ(world.journal(lags).size(), 30U);
}

TEST(WorldDisk, a_leader_whose_disk_is_full_hands_over) {
  World world(calm_plan(3));
  begin(world);
  const NodeId full = world.leader();
  world.fill_disk(full);
  const std::string large(3000, 'x');
  for (int i = 0; i < 300 && world.leader() == full; ++i) {
    world.propose(full, Bytes::copy(large));
    world.run(10ms);
  }
  EXPECT_EQ(world.counters().full, 1U);
  EXPECT_NE(world.leader(), full);
  write(world, 50, large);  // the others go on without it
  EXPECT_FALSE(world.node(full).under_way.empty() &&
               world.site(full)->durable.last() == world.site(world.leader())->durable.last());
  world.clear_disk(full);
  world.run(5s);
  EXPECT_FALSE(world.violation());
  EXPECT_EQ(world.site(full)->durable.last(), world.site(world.leader())->durable.last());
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <gtest/gtest.h>

#include "bowline/sim/world.h"

// Disks that hang in one write, for half an election timeout, two of them, ten of them: on whole
// nodes. Heartbeats do not wait for a disk; a quorum of others need not wait for the leader's; and
// a leader whose disk hangs for too long makes room.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration election{1s};

struct Stalls : testing::Test {
  static Plan plan() {
    Plan plan = calm_plan(3);
    plan.whole = true;
    return plan;
  }
  void SetUp() override { begin(plan()); }
  void TearDown() override {
    world->end();
    EXPECT_FALSE(world->violation());
  }
  void begin(const Plan& plan) {
    world = std::make_unique<World>(plan);
    for (std::uint64_t i = 1; i <= world->sites(); ++i) world->start(NodeId{i});
    ASSERT_TRUE(world->wait_for_leader());
    world->run(3s);  // all are connected, and nothing waits for a disk
    leader = world->leader();
  }
  // How long a write took until its client heard that it is done.
  Duration write() {
    const Time asked = world->now();
    const Ticket ticket = world->propose(world->leader(), Bytes::copy("x"));
    EXPECT_TRUE(world->wait_for(ticket, 60s));
    EXPECT_TRUE(world->request(ticket).committed());
    return world->now() - asked;
  }
  NodeId other(std::uint64_t n) const { return NodeId{(leader.value - 1 + n) % 3 + 1}; }
  host::Shard& shard(NodeId id) const { return world->node(id).whole->shard(); }
  // From its next write on.
  void stall(NodeId id, Duration lasts) const { world->slow_disk(id, lasts); }
  void answer(NodeId id, Duration lasts) const { world->speed_up_disk(id, lasts); }

  std::unique_ptr<World> world;
  NodeId leader;
};

TEST_F(Stalls, a_leader_with_a_slow_disk_commits_with_the_disks_of_the_others) {
  stall(leader, election / 2);
  for (int i = 0; i < 20; ++i) EXPECT_LT(write(), 20ms);
  world->run(3s);
  EXPECT_EQ(world->leader(), leader);
  EXPECT_EQ(shard(leader).meters().counters.stalls, 0U);
  EXPECT_EQ(world->counters().elections_won, 1U);
}

TEST_F(Stalls, of_a_follower_change_nothing) {
  for (const Duration lasts : {election / 2, 2 * election, 10 * election}) {
    stall(other(1), lasts);
    for (int i = 0; i < 20; ++i) EXPECT_LT(write(), 20ms);
    world->run(2 * lasts);
    answer(other(1), lasts);
    EXPECT_EQ(world->leader(), leader);
    EXPECT_EQ(world->counters().elections_won, 1U);
  }
  EXPECT_GE(shard(other(1)).meters().counters.stalls, 2U);
}

// Nothing can be committed. But the leader is heard, and hears the others.
TEST_F(Stalls, of_all_followers_do_not_make_them_stand_for_election) {
  const Duration lasts = 10 * election;
  stall(other(1), lasts);
  stall(other(2), lasts);
  EXPECT_GT(write(), 9s);
  EXPECT_EQ(world->leader(), leader);
  EXPECT_EQ(world->counters().elections_won, 1U);
}

TEST_F(Stalls, of_a_leader_make_it_hand_over_and_not_come_back) {
  for (const Duration lasts : {2 * election, 10 * election}) {
    leader = world->leader();
    world->run(3s);
    stall(leader, lasts);
    EXPECT_LT(write(), 20ms);  // the others have it
    const Time began = world->now();
    ASSERT_TRUE(world->run_until([&] { return world->leader() && world->leader() != leader; },
                                 2 * election));
    EXPECT_LT(world->now() - began, election + 50ms);
    EXPECT_TRUE(shard(leader).stalled());
    EXPECT_LT(write(), 20ms);
    world->campaign(leader);
    world->transfer(world->leader(), leader);
    world->run(lasts - election - 200ms);
    EXPECT_NE(world->leader(), leader);
    answer(leader, lasts);
    world->run(2 * lasts);  // what it had to write is there
    EXPECT_FALSE(shard(leader).stalled());
    EXPECT_FALSE(world->core(leader)->stalled());
    EXPECT_GE(shard(leader).meters().counters.stalls, 1U);
    EXPECT_LT(write(), 20ms);
  }
  EXPECT_EQ(world->counters().elections_won, 3U);
}

// Nobody else can lead: it stops, so that whoever comes back first can.
TEST_F(Stalls, of_a_leader_whose_heirs_are_gone_make_it_step_down) {
  stall(leader, 10 * election);
  world->cut(leader, other(1));
  world->cut(leader, other(2));
  world->propose(leader, Bytes::copy("x"));
  ASSERT_TRUE(
      world->run_until([&] { return world->core(leader)->role() != raft::Role::leader; }, 2s));
  ASSERT_TRUE(world->run_until([&] { return bool(world->leader()); }, 5s));
  EXPECT_NE(world->leader(), leader);
}

TEST(StallsAlone, a_group_of_one_waits_for_its_disk) {
  Plan plan = calm_plan(1);
  plan.whole = true;
  World world(plan);
  world.start(NodeId{1});
  ASSERT_TRUE(world.wait_for_leader());
  world.run(3s);
  world.slow_disk(NodeId{1}, 5s);
  const Ticket ticket = world.propose(NodeId{1}, Bytes::copy("x"));
  world.run(4s);
  EXPECT_EQ(world.leader(), NodeId{1});
  ASSERT_TRUE(world.wait_for(ticket, 5s));
  EXPECT_TRUE(world.request(ticket).committed());
  EXPECT_EQ(world.counters().elections_won, 1U);
}

TEST(StallsOff, who_wants_to_lead_whatever_the_disk_does_may) {
  Plan plan = calm_plan(3);
  plan.whole = true;
  World world(plan);
  for (std::uint64_t i = 1; i <= 3; ++i) world.start(NodeId{i});
  ASSERT_TRUE(world.wait_for_leader());
  world.run(3s);
  const NodeId leader = world.leader();
  host::Shard& shard = world.node(leader).whole->shard();
  host::GroupOptions options = shard.find(Whole::group)->options();
  options.hand_over_when_stalled = false;
  ASSERT_TRUE(shard.tune(Whole::group, options).has_value());
  world.slow_disk(leader, 10s);
  world.propose(leader, Bytes::copy("x"));
  world.run(8s);
  EXPECT_EQ(world.leader(), leader);
  EXPECT_EQ(world.counters().elections_won, 1U);
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/sim/world.h"

// Machines that keep their state on a disk of their own (machine::Durable), on whole nodes. No
// snapshot is made by itself, so what is there after a crash they have kept.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct Durable : testing::Test {
  void begin(std::uint64_t seed) {
    Plan plan = calm_plan(3, seed);
    plan.whole = true;
    plan.climate.durable_machines = true;
    world = std::make_unique<World>(plan);
    for (std::uint64_t i = 1; i <= 3; ++i) world->start(NodeId{i});
  }
  void SetUp() override {
    begin(1);
    ASSERT_TRUE(world->wait_for_leader());
    world->run(3s);
    follower = NodeId{world->leader().value % 3 + 1};
  }
  void TearDown() override {
    world->end();
    EXPECT_FALSE(world->violation());
  }
  Index write() {
    const Ticket ticket = world->propose(world->leader(), Bytes::copy("x"));
    EXPECT_TRUE(world->wait_for(ticket, 20s));
    EXPECT_TRUE(world->request(ticket).committed());
    return world->request(ticket).first.index;
  }
  Index applied() const { return world->site(follower)->machine.applied.index; }
  Index log_begins() const { return world->core(follower)->outline().base().index; }
  LogId snapshot() const { return world->node(follower).whole->replica().snapshot(); }

  std::unique_ptr<World> world;
  NodeId follower;
};

TEST_F(Durable, a_machine_goes_on_with_what_it_kept) {
  for (int i = 0; i < 10; ++i) write();
  ASSERT_TRUE(world->wait_applied(write()));
  const Index before = applied();
  world->crash(follower, Crash::kill);
  world->start(follower);
  EXPECT_EQ(applied(), before);
  EXPECT_EQ(log_begins(), Index{});
  EXPECT_EQ(snapshot(), LogId{});
  ASSERT_TRUE(world->wait_applied(write()));
}

TEST_F(Durable, a_machine_that_lost_its_last_marks_gets_the_rest_from_the_log) {
  bool lost = false;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(world->wait_applied(write()));
    const Index before = applied();
    world->crash(follower, Crash::power);
    world->start(follower);
    lost = lost || applied() < before;
    ASSERT_TRUE(world->wait_applied(before));
  }
  EXPECT_TRUE(lost);
  EXPECT_EQ(log_begins(), Index{});
}

// Its vote, and the first entries, are on the way to the disk still. It has promised nothing, and
// so has a say as before.
TEST_F(Durable, a_founder_whose_machine_is_ahead_of_its_first_vote_is_no_blank_node) {
  follower = NodeId{1};
  NodeId leader;
  bool is_ahead = false;
  for (std::uint64_t seed = 1; seed <= 20 && !is_ahead; ++seed) {
    begin(seed);
    ASSERT_TRUE(world->run_until([&] { return world->core(follower) != nullptr; }, 5s));
    world->slow_disk(follower, 30s);
    ASSERT_TRUE(world->run_until([&] { return applied() > Index{}; }, 10s));
    ASSERT_EQ(world->core(follower)->outline().durable(), Index{});
    leader = world->leader();
    world->crash(follower, Crash::power);
    world->speed_up_disk(follower, 30s);
    world->start(follower);
    is_ahead = log_begins() > Index{};  // not if the machine lost it again
  }
  ASSERT_TRUE(is_ahead);
  world->crash(leader, Crash::kill);
  ASSERT_TRUE(world->run_until([&] { return world->leader() && world->leader() != leader; }, 20s));
  write();
}

// The others have committed what its own disk has not got yet.
TEST_F(Durable, where_a_machine_is_ahead_of_the_log_the_log_begins_anew) {
  ASSERT_TRUE(world->wait_applied(write()));
  world->slow_disk(follower, 30s);
  Index last;
  for (int i = 0; i < 5; ++i) last = write();
  ASSERT_TRUE(world->run_until([&] { return applied() >= last; }, 5s));
  ASSERT_LT(world->core(follower)->outline().durable(), last);
  world->crash(follower, Crash::kill);
  world->speed_up_disk(follower, 30s);
  world->start(follower);
  EXPECT_GE(applied(), last);
  EXPECT_EQ(log_begins(), applied());
  // Nobody gets the entries before that from here any more: so there is a snapshot for them.
  EXPECT_TRUE(world->run_until([&] { return snapshot().index >= log_begins(); }, 2s));
  ASSERT_TRUE(world->wait_applied(write()));
}

// One that another node gave is in the machine by the time the log relies on it.
TEST_F(Durable, a_snapshot_that_came_is_kept_like_all_else) {
  world->crash(follower, Crash::power);
  Index last;
  for (int i = 0; i < 30; ++i) last = write();
  world->take_snapshot(world->leader());
  world->run(1s);
  ASSERT_GE(world->core(world->leader())->outline().base().index, last.prev());
  world->start(follower);
  ASSERT_TRUE(world->wait_applied(write()));
  ASSERT_GE(log_begins(), last.prev());
  const Index before = applied();
  world->crash(follower, Crash::kill);
  world->rot_snapshots(follower);
  world->start(follower);
  EXPECT_EQ(applied(), before);
  EXPECT_FALSE(world->node(follower).whole->replica().is_stateless());
  ASSERT_TRUE(world->wait_applied(write()));
}

}  // namespace
}  // namespace bowline::sim

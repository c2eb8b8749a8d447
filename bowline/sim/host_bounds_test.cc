// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/host_bounds.h"

#include <string>

#include <gtest/gtest.h>

#include "bowline/sim/world.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

TEST(HostBounds, a_backlog_is_full_or_has_one_that_is_larger) {
  host::Backlog backlog(1000);
  EXPECT_EQ(beyond(backlog, 0), "");
  const auto alone = backlog.take(5000);
  EXPECT_EQ(beyond(backlog, 5000), "");
  EXPECT_NE(beyond(backlog, 4999), "");
}

struct LeftOver : testing::Test {
  void SetUp() override {
    Plan plan = calm_plan(3);
    plan.whole = true;
    plan.climate.snapshot_every = 20;
    plan.climate.snapshot_bytes = 400'000;
    world = std::make_unique<World>(plan);
    for (std::uint64_t i = 1; i <= 3; ++i) world->start(NodeId{i});
    ASSERT_TRUE(world->wait_for_leader());
    world->run(3s);
    leader = world->leader();
    follower = NodeId{leader.value % 3 + 1};
  }
  Whole& whole(NodeId id) const { return *world->node(id).whole; }
  std::string left(NodeId id) const {
    if (!world->up(id)) return {};
    return left_over(whole(id).shard(), whole(id).replica(), {{1}, {2}, {3}});
  }
  std::string waiting(NodeId id) const { return waits_still(whole(id).replica()); }
  bool comes(NodeId id, const std::string& what) {
    return world->run_until([&] { return left(id).find(what) != std::string::npos; }, 5s);
  }
  bool all_rest() {
    const auto rest = [&] {
      for (std::uint64_t i = 1; i <= 3; ++i)
        if (!left({i}).empty() || !waiting({i}).empty()) return false;
      return true;
    };
    return world->run_until(rest, 30s);
  }
  void write(std::size_t bytes) { world->propose(leader, Bytes::own(std::string(bytes, 'x'))); }

  std::unique_ptr<World> world;
  NodeId leader, follower;
};

TEST_F(LeftOver, nothing_is_left_where_all_is_done) {
  write(1000);
  EXPECT_TRUE(comes(leader, "proposals"));
  EXPECT_TRUE(all_rest());
}

TEST_F(LeftOver, what_waits_for_the_disk_is_seen) {
  world->slow_disk(leader, 2s);
  world->slow_disk(follower, 2s);
  write(1000);
  EXPECT_TRUE(comes(leader, "of proposals are in memory"));
  EXPECT_TRUE(comes(follower, "log has something to write"));
  EXPECT_FALSE(waiting(leader).empty());
  world->speed_up_disk(leader, 2s);
  world->speed_up_disk(follower, 2s);
  EXPECT_TRUE(all_rest());
}

TEST_F(LeftOver, what_waits_for_a_peer_is_seen) {
  world->cut(leader, follower);
  for (int i = 0; i < 50; ++i) write(10'000);
  EXPECT_TRUE(comes(leader, "wait for node " + std::to_string(follower.value)));
  world->heal(leader, follower);
  EXPECT_TRUE(all_rest());
}

TEST_F(LeftOver, a_snapshot_on_its_way_is_seen) {
  world->crash(follower, Crash::power);
  for (int i = 0; i < 60; ++i) {
    write(100);
    world->run(10ms);
  }
  world->start(follower);
  EXPECT_TRUE(comes(follower, "it fetches a snapshot"));
  EXPECT_TRUE(all_rest());
}

TEST_F(LeftOver, a_read_that_nobody_answers_is_seen) {
  world->isolate(leader);
  world->read(leader);
  EXPECT_TRUE(world->run_until([&] { return !waiting(leader).empty(); }, 100ms));
  world->run(400ms);
  EXPECT_FALSE(waiting(leader).empty());
  world->heal_all();
  EXPECT_TRUE(all_rest());
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/witnesses.h"
#include "bowline/sim/world.h"

// A cluster of whole nodes is upgraded one node at a time, under load, and one goes back.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr wire::Version old_program = 1;
constexpr wire::Version new_program = 2;

Plan plan_of(std::uint32_t nodes, std::uint64_t seed) {
  Plan plan = calm_plan(nodes, seed);
  plan.whole = true;
  plan.options.hibernate_after = 500ms;
  plan.climate.snapshot_every = 50;
  plan.climate.keeps_behind = 10;
  return plan;
}

class Upgrade : public testing::TestWithParam<std::uint64_t> {
 protected:
  Upgrade() : world_(plan_of(3, GetParam())) {
    witnesses_ = standard_witnesses(world_, world_.plan());
    for (const auto& witness : witnesses_) world_.watch(*witness);
    for (std::uint64_t id = 1; id <= 3; ++id) {
      world_.install(NodeId{id}, old_program);
      world_.start(NodeId{id});
    }
  }

  // A write each 5 ms, at whoever leads, whatever becomes of the others.
  void load(Duration span) {
    const Time end = world_.now() + span;
    for (; world_.now() < end && !world_.violation(); world_.run(5ms))
      if (const NodeId leader = world_.leader())
        written_.push_back(world_.propose(leader, Bytes::own(next_command())));
  }
  void restart(NodeId id, wire::Version program) {
    world_.crash(id, Crash::kill);
    load(300ms);
    world_.install(id, program);
    world_.start(id);
    load(500ms);
  }
  // The witnesses know that nothing is lost. It goes on, too, and all get it.
  void all_is_well() {
    ASSERT_FALSE(world_.violation()) << world_.violation()->what;
    ASSERT_TRUE(world_.wait_for_leader());
    const Ticket last = world_.propose(world_.leader(), Bytes::own(next_command()));
    ASSERT_TRUE(world_.wait_for(last));
    ASSERT_TRUE(world_.request(last).committed());
    ASSERT_TRUE(world_.wait_applied(world_.request(last).first.index));
    EXPECT_FALSE(world_.violation()) << world_.violation()->what;
  }
  std::uint64_t committed() const {
    std::uint64_t count = 0;
    for (const Ticket ticket : written_) count += world_.request(ticket).committed();
    return count;
  }
  // How many replicas fall asleep if nothing is to be done for so long.
  std::uint64_t asleep_after(Duration idle) {
    world_.run(idle);
    std::uint64_t asleep = 0;
    for (std::uint64_t id = 1; id <= 3; ++id) asleep += world_.core(NodeId{id})->asleep();
    return asleep;
  }
  // With the others it has one connection each, and these last.
  void nobody_is_cut_off() {
    world_.run(2s);
    const std::uint64_t connections = world_.counters().connections;
    world_.run(20s);
    EXPECT_EQ(world_.counters().connections, connections);
    EXPECT_EQ(world_.open_connections(), 3U);
  }

  std::string next_command() { return "command " + std::to_string(++commands_); }

  std::uint64_t commands_ = 0;
  World world_;
  std::vector<std::unique_ptr<Witness>> witnesses_;
  std::vector<Ticket> written_;
};

TEST_P(Upgrade, one_by_one_and_one_goes_back) {
  ASSERT_TRUE(world_.wait_for_leader());
  load(1s);
  EXPECT_EQ(asleep_after(5s), 0U);
  for (const std::uint64_t id : {2U, 3U, 1U}) {
    restart(NodeId{id}, new_program);
    all_is_well();
    if (id == 1) break;
    EXPECT_EQ(asleep_after(5s), 0U) << "after node " << id;
    nobody_is_cut_off();
    EXPECT_EQ(world_.leaders(), 1U);
  }
  EXPECT_EQ(asleep_after(5s), 3U);
  nobody_is_cut_off();
  EXPECT_EQ(asleep_after(0s), 3U);
  restart(NodeId{2}, old_program);
  all_is_well();
  EXPECT_EQ(asleep_after(5s), 0U);
  nobody_is_cut_off();
  // Some were asked of a leader that was about to go.
  EXPECT_GT(committed(), written_.size() * 9 / 10);
  world_.end();
  EXPECT_FALSE(world_.violation());
}

// Nobody who speaks pulses waits in vain for those of an old program and takes it for dead.
TEST_P(Upgrade, a_leader_does_not_change_because_nodes_differ) {
  ASSERT_TRUE(world_.wait_for_leader());
  restart(NodeId{2}, new_program);
  restart(NodeId{3}, new_program);
  all_is_well();
  const std::uint64_t elections = world_.counters().elections_won;
  world_.run(120s);
  EXPECT_EQ(world_.counters().elections_won, elections);
  EXPECT_EQ(world_.counters().campaigns, elections);
  EXPECT_EQ(world_.counters().naps, 0U);
}

TEST_P(Upgrade, a_group_sleeps_without_an_old_node_that_is_down_and_wakes_with_it) {
  ASSERT_TRUE(world_.wait_for_leader());
  restart(NodeId{2}, new_program);
  restart(NodeId{3}, new_program);
  world_.crash(NodeId{1}, Crash::kill);
  all_is_well();
  EXPECT_TRUE(world_.run_until(
      [&] { return world_.core(NodeId{2})->asleep() && world_.core(NodeId{3})->asleep(); }, 10s));
  world_.start(NodeId{1});
  EXPECT_EQ(asleep_after(5s), 0U);
  all_is_well();
}

INSTANTIATE_TEST_SUITE_P(Seeds, Upgrade, testing::Range<std::uint64_t>(1, 6));

}  // namespace
}  // namespace bowline::sim

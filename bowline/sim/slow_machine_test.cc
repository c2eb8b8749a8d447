// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "bowline/sim/slow_machine_rig.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct SlowMachine : testing::Test, SlowMachineRig {};

TEST_F(SlowMachine, a_long_slice_of_slow_commands_does_not_stop_heartbeats) {
  ASSERT_TRUE(begin(1ms));
  propose(GroupId{1}, 8'000, std::string(16, 'x'));
  EXPECT_TRUE(all_applied(8'001, 60s));
  rig.run(1s);
  EXPECT_EQ(done, 8'000U);
  EXPECT_EQ(undone, 0U);
  EXPECT_EQ(candidacies(), begun) << "somebody missed a leader that was busy";
  EXPECT_LE(most(), 4U) << "as many milliseconds in one go";
}

TEST_F(SlowMachine, many_groups_with_slow_machines_do_not_add_up_in_one_turn) {
  constexpr std::uint64_t groups = 60;
  ASSERT_TRUE(begin(1ms, groups));
  for (std::uint64_t group = 1; group <= groups; ++group)
    propose(GroupId{group}, 60, std::string(16, 'x'));
  EXPECT_TRUE(all_applied(61, 60s));
  rig.run(1s);
  EXPECT_EQ(done, 60 * groups);
  EXPECT_EQ(candidacies(), begun);
}

TEST_F(SlowMachine, a_slice_has_a_bound_in_commands_that_weigh_nothing) {
  ASSERT_TRUE(begin(0ms));
  propose(GroupId{1}, 40'000, {});
  ASSERT_TRUE(all_applied(40'001, 60s));
  start_again(NodeId{3}, 0ms);
  EXPECT_TRUE(all_applied(40'001, 60s));
  EXPECT_LE(most(), 4'096U);
}

TEST_F(SlowMachine, one_that_catches_up_from_the_disk_does_not_stop_its_node) {
  ASSERT_TRUE(begin(0ms));
  propose(GroupId{1}, 4'000, std::string(16, 'x'));
  ASSERT_TRUE(all_applied(4'001, 60s));
  start_again(NodeId{3}, 1ms);
  EXPECT_TRUE(all_applied(4'001, 60s));
  rig.run(1s);
  EXPECT_EQ(candidacies(), begun);
  EXPECT_LE(machines.back()->most, 4U);
}

TEST_F(SlowMachine, one_that_is_fast_gets_large_batches) {
  ASSERT_TRUE(begin(10ns));
  propose(GroupId{1}, 40'000, std::string(16, 'x'));
  EXPECT_TRUE(all_applied(40'001, 60s));
  // In as many pieces as it is committed in, and a few more at the beginning; steps of 64 make 625.
  for (const auto& machine : machines) EXPECT_LE(machine->calls, 100U);
}

TEST_F(SlowMachine, one_to_which_each_call_costs_something_gets_many_commands_at_once) {
  for (const Duration each : {0ns, 20'000ns}) {
    SlowMachineRig one;
    ASSERT_TRUE(one.begin(each));
    for (const auto& machine : one.machines) machine->call = 3ms, machine->calls = 0;
    one.propose(GroupId{1}, 6'400, std::string(16, 'x'));
    EXPECT_TRUE(one.all_applied(6'401, 60s));
    // A hundred, if each had 64; those that try what else might do take less.
    for (const auto& machine : one.machines) EXPECT_LE(machine->calls, 130U);
    EXPECT_EQ(one.candidacies(), one.begun);
  }
}

TEST_F(SlowMachine, one_that_was_slow_gets_more_when_it_is_not_any_longer) {
  ASSERT_TRUE(begin(1ms));
  propose(GroupId{1}, 200, std::string(16, 'x'));
  ASSERT_TRUE(all_applied(201, 60s));
  EXPECT_LE(most(), 4U);
  for (const auto& machine : machines) machine->each = 10ns, machine->calls = 0;
  propose(GroupId{1}, 40'000, std::string(16, 'x'));
  ASSERT_TRUE(all_applied(40'201, 60s));
  for (const auto& machine : machines) EXPECT_LE(machine->calls, 100U);
}

}  // namespace
}  // namespace bowline::sim

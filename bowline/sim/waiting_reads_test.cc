// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "bowline/raft/options.h"
#include "bowline/sim/slow_machine_rig.h"

// Reads that nobody can answer for now: how long they wait, and how many of them.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr GroupId only{1};

struct WaitingReads : testing::Test, SlowMachineRig {
  void limit(std::size_t pending_reads) {
    raft::Options options = *rig.group_options().raft;
    options.pending_reads = pending_reads;
    rig.group_options().raft = std::make_shared<const raft::Options>(options);
  }
  // What was said, and how often.
  host::ReadReply counted() {
    return [this](const host::ReadOutcome& outcome) {
      ++answered;
      if (const auto* no = std::get_if<host::Refused>(&outcome)) ++refused[no->why];
    };
  }
  NodeId alone() {  // a follower, whom nobody hears any more
    const NodeId leader = rig.leader(only);
    const NodeId id{leader.value % ManyGroupsRig::nodes + 1};
    for (std::uint64_t other = 1; other <= ManyGroupsRig::nodes; ++other)
      if (NodeId{other} != id) rig.cut(id, {other});
    rig.loop(id);
    return id;
  }
  bool answers(std::uint64_t count, Duration within) {
    return rig.run_until([&] { return answered == count; }, within);
  }

  std::uint64_t answered = 0;
  std::map<raft::Refusal, std::uint64_t> refused;
};

TEST_F(WaitingReads, an_old_read_is_refused_when_its_time_is_over_and_nobody_leads) {
  ASSERT_TRUE(begin(0ms));
  host::Replica& replica = *rig.replica(alone(), only);
  replica.read_within(300ms, counted());
  replica.read_within(100ms, counted());
  replica.read_within(200ms, counted());
  for (std::uint64_t n = 1; n <= 3; ++n) {
    rig.run(99ms);
    EXPECT_EQ(answered, n - 1);
    rig.run(1ms);
    EXPECT_EQ(answered, n);
  }
  EXPECT_EQ(refused[raft::Refusal::too_old], 3U);
}

TEST_F(WaitingReads, an_old_read_does_not_wait_for_a_machine_that_does_not_come_to_an_end) {
  ASSERT_TRUE(begin(1ms));
  propose(only, 8'000, std::string(16, 'x'));
  rig.run(500ms);
  rig.replica(rig.leader(only), only)->read_within(500ms, counted());
  EXPECT_TRUE(answers(1, 700ms));
  EXPECT_EQ(refused[raft::Refusal::too_old], 1U);
  ASSERT_TRUE(all_applied(8'001, 60s));
  rig.replica(rig.leader(only), only)->read_within(500ms, counted());
  EXPECT_TRUE(answers(2, 700ms));
  EXPECT_EQ(refused[raft::Refusal::too_old], 1U);
}

TEST_F(WaitingReads, old_reads_that_wait_have_a_bound_in_number) {
  limit(10);
  ASSERT_TRUE(begin(0ms));
  host::Replica& replica = *rig.replica(alone(), only);
  for (int i = 0; i < 30; ++i) replica.read_within(500ms, counted());
  EXPECT_TRUE(answers(20, 100ms));
  EXPECT_EQ(refused[raft::Refusal::full], 20U);
  EXPECT_TRUE(answers(30, 600ms));
  EXPECT_EQ(refused[raft::Refusal::too_old], 10U);
}

TEST_F(WaitingReads, reads_that_wait_for_the_machine_have_a_bound_in_number) {
  limit(10);
  ASSERT_TRUE(begin(1ms));
  propose(only, 8'000, std::string(16, 'x'));
  rig.run(500ms);
  host::Replica& leader = *rig.replica(rig.leader(only), only);
  for (int i = 0; i < 30; ++i) {
    leader.read(raft::ReadKind::linearizable, counted());
    if (i % 3 == 2) rig.run(20ms);
  }
  rig.run(500ms);
  EXPECT_EQ(answered, 20U);
  EXPECT_EQ(refused[raft::Refusal::full], 20U);
  EXPECT_TRUE(answers(30, 60s)) << "when the machine is there";
  EXPECT_EQ(refused[raft::Refusal::full], 20U);
  leader.read(raft::ReadKind::linearizable, counted());
  EXPECT_TRUE(answers(31, 1s)) << "and then there is room again";
  EXPECT_EQ(refused[raft::Refusal::full], 20U);
}

}  // namespace
}  // namespace bowline::sim

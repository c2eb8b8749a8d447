// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdint>

#include <gtest/gtest.h>

#include "bowline/sim/many_groups_rig.h"

// Fifty groups on three whole nodes: they sleep, wake, come, go, and move.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t groups = 50;

struct ManyGroups : testing::Test {
  explicit ManyGroups(Duration balance_every = Duration{0}) : rig(balance_every) {
    for (std::uint64_t group = 1; group <= groups; ++group) rig.start(GroupId{group});
  }
  bool all_lead(std::uint64_t wanted = groups) {
    return rig.run_until(
        [&] {
          std::uint64_t led = 0;
          for (std::uint64_t id = 1; id <= 3; ++id)
            if (rig.runs({id})) led += rig.led({id});
          return led == wanted;
        },
        10s);
  }
  bool all_sleep() {
    return rig.run_until(
        [&] {
          for (std::uint64_t id = 1; id <= 3; ++id)
            if (rig.runs({id}) && rig.asleep({id}) != groups) return false;
          return true;
        },
        20s);
  }
  std::uint64_t that_write() {
    std::uint64_t good = 0;
    for (std::uint64_t group = 1; group <= groups; ++group) good += rig.writes(GroupId{group});
    return good;
  }
  ManyGroupsRig rig;
};

TEST_F(ManyGroups, those_that_have_nothing_to_do_say_nothing) {
  ASSERT_TRUE(all_lead());
  ASSERT_TRUE(all_sleep());
  const std::uint64_t letters = rig.letters();
  rig.run(60s);
  EXPECT_EQ(rig.letters(), letters);
  EXPECT_EQ(that_write(), groups);
  EXPECT_TRUE(all_sleep());
}

TEST_F(ManyGroups, a_killed_node_is_replaced_in_all_groups_without_a_storm) {
  ASSERT_TRUE(all_lead());
  ASSERT_TRUE(all_sleep());
  const std::uint64_t letters = rig.letters() - rig.shard({1}).courier().sent().letters;
  rig.kill({1});
  ASSERT_TRUE(all_lead());
  EXPECT_LT(rig.letters() - letters, groups * 30);
  ASSERT_TRUE(all_sleep());  // without the dead
  EXPECT_EQ(that_write(), groups);
  rig.boot({1});
  for (std::uint64_t group = 1; group <= groups; ++group) rig.start({1}, GroupId{group});
  rig.run(2s);
  EXPECT_TRUE(all_sleep());
  EXPECT_EQ(rig.count({1}, [](const raft::Core& core) { return bool(core.leader()); }), groups);
}

TEST_F(ManyGroups, a_node_that_hangs_is_as_good_as_dead) {
  ASSERT_TRUE(all_lead());
  ASSERT_TRUE(all_sleep());
  rig.pause({1}, true);
  const std::uint64_t before = rig.led({1});
  ASSERT_GT(before, 0U);
  EXPECT_TRUE(rig.run_until([&] { return rig.led({2}) + rig.led({3}) == groups; }, 10s));
  rig.pause({1}, false);
  EXPECT_TRUE(rig.run_until([&] { return rig.led({1}) == 0; }, 10s));
  EXPECT_TRUE(all_sleep());
  EXPECT_EQ(that_write(), groups);
}

TEST_F(ManyGroups, a_node_that_is_cut_off_from_sleeping_groups_is_missed) {
  ASSERT_TRUE(all_lead());
  ASSERT_TRUE(all_sleep());
  rig.cut({1}, {2});
  rig.cut({1}, {3});
  EXPECT_TRUE(rig.run_until([&] { return rig.led({2}) + rig.led({3}) == groups; }, 10s));
  // It has lost its quorum, and knows.
  EXPECT_TRUE(rig.run_until([&] { return rig.led({1}) == 0; }, 10s));
  rig.heal({1}, {2});
  rig.heal({1}, {3});
  rig.run(5s);
  EXPECT_TRUE(all_sleep());
  EXPECT_EQ(that_write(), groups);
}

TEST_F(ManyGroups, a_sleeping_group_that_ends_where_it_leads_goes_on_elsewhere) {
  ASSERT_TRUE(all_lead());
  ASSERT_TRUE(all_sleep());
  for (std::uint64_t group = 1; group <= groups; ++group)
    for (std::uint64_t id = 1; id <= 3; ++id)
      if (rig.replica({id}, GroupId{group})->core().role() == raft::Role::leader) {
        rig.end({id}, GroupId{group});
        break;
      }
  EXPECT_TRUE(all_lead());
  EXPECT_EQ(that_write(), groups);
}

TEST_F(ManyGroups, groups_come_and_go_while_messages_fly) {
  ASSERT_TRUE(all_lead());
  for (std::uint64_t round = 0; round < 20; ++round) {
    rig.end(NodeId{round % 3 + 1}, GroupId{round + 1});
    const GroupId added{groups + round + 1};
    rig.start(NodeId{1}, added);
    rig.run(3ms);
    rig.start(NodeId{2}, added);
    rig.start(NodeId{3}, added);
    rig.run(2ms);
    if (round % 2 == 0) rig.end(NodeId{3}, added);
  }
  EXPECT_TRUE(all_lead(groups + 20));
  for (std::uint64_t group = 1; group <= groups + 20; ++group)
    EXPECT_TRUE(rig.writes(GroupId{group})) << group;
}

// All of it in one turn would hold up everything else.
TEST(VeryManyGroups, some_in_each_turn_hear_that_what_they_sent_may_be_lost) {
  constexpr std::uint64_t very_many = 1500;
  ManyGroupsRig rig;
  for (std::uint64_t group = 1; group <= very_many; ++group) rig.start({1}, {group});
  rig.run(2s);  // so that the other one stands first
  for (std::uint64_t group = 1; group <= very_many; ++group) rig.start({2}, {group});
  const auto streams = [&] {
    return rig.count({2}, [](const raft::Core& core) {
      return std::ranges::any_of(core.peers(), [](const raft::Progress& peer) {
        return peer.id() == NodeId{1} && peer.mode() == raft::Progress::Mode::streaming;
      });
    });
  };
  rig.run(3s);
  std::uint64_t before = streams();
  ASSERT_GT(before, 1100U);
  rig.kill({1});
  std::uint64_t most = 0;
  const bool all = rig.run_until(
      [&] {
        const std::uint64_t now = streams();
        most = std::max(most, before - std::min(before, now));
        before = now;
        return now == 0;
      },
      1s);
  EXPECT_TRUE(all);
  EXPECT_LE(most, 1024U);
}

struct Balanced : ManyGroups {
  Balanced() : ManyGroups(1s) {}
};

TEST_F(Balanced, every_node_gets_its_part_of_the_leaders) {
  ASSERT_TRUE(all_lead());
  const auto even = [&] {
    for (std::uint64_t id = 1; id <= 3; ++id)
      if (rig.led({id}) < groups / 3 || rig.led({id}) > groups / 3 + 1) return false;
    return true;
  };
  EXPECT_TRUE(rig.run_until(even, 30s));
  EXPECT_TRUE(all_sleep());
  rig.run(10s);
  EXPECT_TRUE(even());
  EXPECT_TRUE(all_sleep());  // it stays as it is
}

TEST_F(ManyGroups, unless_somebody_asks_for_that_leaders_stay_where_they_are) {
  ASSERT_TRUE(all_lead());
  const std::uint64_t first = rig.led({1});
  const std::uint64_t second = rig.led({2});
  rig.run(30s);
  EXPECT_EQ(rig.led({1}), first);
  EXPECT_EQ(rig.led({2}), second);
}

}  // namespace
}  // namespace bowline::sim

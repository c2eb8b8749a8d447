// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"
#include "bowline/sim/many_groups_rig.h"

// What all groups of a node may have in memory together of what they were asked for.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t most = 1 << 20;
constexpr NodeId nodes[] = {{1}, {2}, {3}};

struct BacklogTest : testing::Test {
  BacklogTest() {
    rig.adjust([](host::Options& options) { options.backlog_bytes = most; });
    for (const NodeId id : nodes) {
      rig.kill(id);
      rig.boot(id);
    }
  }
  bool found(std::uint64_t groups) {
    for (std::uint64_t group = 1; group <= groups; ++group) rig.start({group});
    for (std::uint64_t group = 1; group <= groups; ++group)
      if (!rig.run_until([&] { return rig.writes({group}); }, 30s)) return false;
    return true;
  }
  void propose(NodeId at, GroupId group, std::size_t bytes, Term expected = {}) {
    rig.loop(at);
    ++asked;
    rig.replica(at, group)->propose(Bytes::own(std::string(bytes, 'x')), expected, told());
  }
  host::Reply told() {
    return [this, alive = std::make_shared<int>()](const host::Outcome& outcome) {
      ++told_of[outcome.index()];
      if (const auto* no = std::get_if<host::Refused>(&outcome)) ++refused[no->why];
    };
  }
  std::uint64_t answered() {
    std::uint64_t sum = 0;
    for (const auto& [kind, count] : told_of) sum += count;
    return sum;
  }
  std::uint64_t bytes(NodeId id) { return rig.shard(id).backlog().bytes(); }
  bool all_are_empty() {
    for (const NodeId id : nodes)
      if (rig.runs(id) && bytes(id) != 0) return false;
    return true;
  }

  ManyGroupsRig rig;
  std::uint64_t asked = 0;
  std::map<std::size_t, std::uint64_t> told_of;  // by the alternative of the outcome
  std::map<raft::Refusal, std::uint64_t> refused;
};

TEST_F(BacklogTest, many_groups_whose_disk_hangs_take_so_much_together_and_refuse_the_rest) {
  ASSERT_TRUE(found(30));
  const NodeId at = rig.leader({1});
  rig.climate(at).slower = 300ms;
  for (int round = 0; round < 20; ++round) {
    for (std::uint64_t group = 1; group <= 30; ++group)
      if (rig.leader({group}) == at) propose(at, {group}, 10'000);
    EXPECT_LE(bytes(at), most);
    rig.run(1ms);
  }
  for (int i = 0; i < 200; ++i) propose(at, {1}, 10'000);
  EXPECT_LE(bytes(at), most);
  rig.run(10ms);
  EXPECT_GT(refused[raft::Refusal::full], 0U) << "at once, and not when the disk answers";
  EXPECT_EQ(refused[raft::Refusal::full], rig.shard(at).backlog().refused());
  rig.climate(at).slower = 0ms;
  EXPECT_TRUE(rig.run_until([&] { return answered() == asked && all_are_empty(); }, 60s));
  EXPECT_GT(told_of[0], 0U) << "what was taken is done";
  EXPECT_TRUE(rig.writes({1}));
}

TEST_F(BacklogTest, what_is_on_the_disk_counts_no_more_though_no_quorum_has_it) {
  ASSERT_TRUE(found(1));
  const NodeId at = rig.leader({1});
  for (const NodeId other : nodes)
    if (other != at) rig.cut(at, other);
  for (int i = 0; i < 50; ++i) propose(at, {1}, 10'000);
  EXPECT_GT(bytes(at), 500'000U);
  EXPECT_TRUE(rig.run_until([&] { return bytes(at) == 0; }, 200ms));
  EXPECT_EQ(answered(), 0U);
}

// It has a bound for each group, of what its leader has in flight. There may be thousands of
// groups.
TEST_F(BacklogTest, of_what_leaders_send_to_a_disk_that_hangs_no_more_is_taken_than_there_is_room) {
  constexpr std::uint64_t groups = 30;
  constexpr std::uint64_t once = 100'000;  // of one message, which is taken as a whole
  ASSERT_TRUE(found(groups));
  const NodeId slow = *std::ranges::min_element(nodes, {}, [&](NodeId id) { return rig.led(id); });
  rig.climate(slow).slower = 1s;
  std::uint64_t most_waited = 0;
  for (int round = 0; round < 20; ++round) {
    for (std::uint64_t group = 1; group <= groups; ++group)
      if (const NodeId at = rig.leader({group}); at && at != slow)
        for (int i = 0; i < 3; ++i) propose(at, {group}, 10'000);
    rig.run(20ms);
    most_waited = std::max(most_waited, rig.shard(slow).log().waiting_bytes());
  }
  EXPECT_GT(told_of[0] * 10'000, 4 * most) << "the other two are a quorum";
  EXPECT_GT(rig.shard(slow).meters().counters.crowded_out, 0U);
  EXPECT_GT(most_waited, 2 * most - once);
  EXPECT_LT(most_waited, 2 * most + once);
  rig.climate(slow).slower = 0ms;
  const auto has_all = [&](std::uint64_t group) {
    const NodeId at = rig.leader({group});
    return at && rig.replica(slow, {group})->core().outline().durable() >=
                     rig.replica(at, {group})->core().commit();
  };
  const auto all_have = [&] {
    for (std::uint64_t group = 1; group <= groups; ++group)
      if (!has_all(group)) return false;
    return answered() == asked;
  };
  EXPECT_TRUE(rig.run_until(all_have, 60s));
  EXPECT_EQ(rig.shard(slow).log().waiting_bytes(), 0U);
}

TEST_F(BacklogTest,
       a_batch_for_which_there_is_no_room_is_refused_as_a_whole_when_the_call_is_over) {
  ASSERT_TRUE(found(1));
  const NodeId at = rig.leader({1});
  propose(at, {1}, 1000);
  std::vector<Bytes> commands;
  std::vector<host::Reply> replies;
  for (int i = 0; i < 200; ++i) {
    commands.push_back(Bytes::own(std::string(10'000, 'x')));
    replies.push_back(told());
  }
  rig.replica(at, {1})->propose_all(std::move(commands), {}, std::move(replies));
  EXPECT_EQ(answered(), 0U) << "no caller is re-entered";
  EXPECT_TRUE(rig.run_until([&] { return answered() == 201; }, 5s));
  EXPECT_EQ(refused[raft::Refusal::full], 200U);
  EXPECT_EQ(rig.shard(at).backlog().refused(), 200U);
}

TEST_F(BacklogTest, a_group_that_ends_gives_all_of_it_back) {
  ASSERT_TRUE(found(2));
  const NodeId at = rig.leader({1});
  rig.climate(at).slower = 300ms;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 60; ++i) propose(at, {1}, 10'000);  // the last round is not in the core
    if (round < 2) rig.run(1ms);
  }
  EXPECT_GT(bytes(at), 500'000U);
  rig.end(at, {1});
  EXPECT_EQ(bytes(at), 0U);
  EXPECT_EQ(answered(), asked);
}

// The others have decided that it is out before its own disk has what it proposed last.
TEST_F(BacklogTest, a_leader_that_stops_because_it_is_out_gives_all_of_it_back) {
  auto raft = *rig.group_options().raft;
  raft.stop_on_removal = true;
  rig.group_options().raft = std::make_shared<const raft::Options>(raft);
  ASSERT_TRUE(found(1));
  const NodeId at = rig.leader({1});
  const host::Replica& replica = *rig.replica(at, {1});
  rig.climate(at).slower = 300ms;
  std::vector<raft::Wanted> rest;
  for (const NodeId id : nodes)
    if (id != at) rest.push_back({.id = id, .address = SimulatedNetwork::address_of(id)});
  rig.loop(at);
  rig.replica(at, {1})->reconfigure(std::move(rest), {}, [](const host::Outcome&) {});
  for (int i = 0; i < 1000 && !replica.core().stopped(); ++i) {
    propose(at, {1}, 100);
    rig.run(1ms);
  }
  ASSERT_TRUE(replica.core().stopped());
  EXPECT_GT(bytes(at), 0U);
  EXPECT_TRUE(rig.run_until([&] { return bytes(at) == 0; }, 10s));
}

// Whatever becomes of a proposal, its share is given back.
struct Turmoil : BacklogTest {
  static constexpr std::uint64_t groups = 8;

  NodeId some_node() { return nodes[random.below(3)]; }
  void disturb() {
    const NodeId a = some_node();
    const GroupId group{random.below(groups) + 1};
    host::Replica* const replica = rig.replica(a, group);
    rig.loop(a);
    switch (random.below(8)) {
      case 0: return cut_off(a);
      case 1:
        if (random.chance(30)) heal();
        return;
      case 2: rig.climate(a).slower = random.below(2) == 0 ? 0ms : 40ms; return;
      case 3:
        if (replica != nullptr) replica->transfer({}, [](const host::Outcome&) {});
        return;
      case 4:
      case 5:
        if (group.value > 3 || replica == nullptr) return;
        propose(a, group, 100);
        if (group.value < 3) rig.end(a, group);
        if (group.value == 3) rig.destroy(a, group);
        return;
      case 6:
        if (!random.chance(10)) return;
        rig.kill(a);
        rig.boot(a);
        for (std::uint64_t each = 1; each <= groups; ++each) rig.start(a, {each});
        return;
      default: return;
    }
  }
  void cut_off(NodeId one) {
    for (const NodeId other : nodes)
      if (other != one) rig.cut(one, other);
  }
  void heal() {
    for (const NodeId a : nodes)
      for (const NodeId b : nodes)
        if (a < b) rig.heal(a, b);
  }
  // Its last entries are cut off by the next leader.
  bool overrule(GroupId group) {
    if (!rig.run_until([&] { return rig.writes(group); }, 30s)) return false;
    const NodeId at = rig.leader(group);
    cut_off(at);
    for (int i = 0; i < 10; ++i) propose(at, group, 1000);
    rig.run(20ms);
    rig.pause(at, true);
    heal();
    rig.run(5s);
    rig.pause(at, false);
    return rig.run_until([&] { return told_of[2] > 0; }, 30s);
  }
  void ask() {
    const GroupId group{random.below(groups) + 1};
    NodeId at = random.below(10) == 0 ? some_node() : rig.leader(group);
    if (!at || rig.replica(at, group) == nullptr) return;
    std::size_t bytes = random.below(8000);
    if (random.below(50) == 0) bytes = 200'000;  // too large
    propose(at, group, bytes, Term{random.below(50) == 0 ? 1000U : 0U});
  }

  Prng random{7};
};

TEST_F(Turmoil, leaves_nothing_behind_whatever_became_of_a_proposal) {
  ASSERT_TRUE(found(groups));
  std::uint64_t reached = 0;
  for (int round = 0; round < 600; ++round) {
    disturb();
    for (std::uint64_t i = random.below(60); i > 0; --i) ask();
    for (const NodeId id : nodes) {
      EXPECT_LE(bytes(id), most);
      reached = std::max(reached, bytes(id));
    }
    rig.run(std::chrono::milliseconds(random.below(30)));
  }
  heal();
  for (const NodeId id : nodes) rig.climate(id).slower = 0ms;
  EXPECT_TRUE(overrule({groups}));
  EXPECT_TRUE(rig.run_until([&] { return all_are_empty(); }, 30s));
  EXPECT_GT(asked, 5'000U);
  EXPECT_GT(reached, most / 2);
  for (std::size_t kind = 0; kind < std::variant_size_v<host::Outcome>; ++kind)
    EXPECT_GT(told_of[kind], 0U) << kind;
  for (const auto why : {raft::Refusal::not_leader, raft::Refusal::full, raft::Refusal::too_large,
                         raft::Refusal::wrong_term, raft::Refusal::stopped})
    EXPECT_GT(refused[why], 0U) << host::text(why);
}

}  // namespace
}  // namespace bowline::sim

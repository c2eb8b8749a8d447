// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include <gtest/gtest.h>

#include "bowline/sim/course_seeds.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration election = 1s;

void basic_agree(CourseGroup& group) {
  std::optional<Index> before;
  for (int i = 0; i < 3; ++i) {
    const std::string command = group.fresh();
    EXPECT_TRUE(group.nobody_applied(command)) << "committed before it was submitted";
    if (!before) group.check_one_leader();
    const Index index = group.one(command, 3, i == 0);
    if (before) {
      EXPECT_EQ(index, before->next());
    }
    before = index;
  }
}

TEST(Course, M04_basic_agree) { with_seeds({.nodes = 3}, basic_agree); }

void rpc_bytes(CourseGroup& group) {
  constexpr std::size_t size = 5000;
  constexpr std::size_t count = 10;
  group.check_one_leader();
  group.one(3);
  const std::uint64_t before = group.bytes();
  const std::uint64_t asked_before = group.request_bytes();
  for (std::size_t i = 0; i < count; ++i) {
    std::string command = group.fresh();
    command.resize(size, 'x');
    group.one(command, 3, false);
  }
  constexpr double payload = size * count;
  constexpr double allowed = 2 * payload + 5000;
  expect_at_most("M05 ten commands of 5000, requests",
                 static_cast<double>(group.request_bytes() - asked_before), allowed, "bytes");
  // The bound of the course itself is three times the payload and 50,000.
  expect_at_most("M05 ten commands of 5000, with the answers",
                 static_cast<double>(group.bytes() - before), allowed, "bytes");
}

TEST(Course, M05_rpc_bytes) { with_seeds({.nodes = 3}, rpc_bytes); }

void follower_failure(CourseGroup& group) {
  group.one(3);
  const NodeId first = group.check_one_leader();
  group.disconnect(group.nth_after(first, 1));
  group.one(2, false);
  group.run(election);
  group.one(2, false);

  const NodeId second = group.check_one_leader();
  group.disconnect(group.nth_after(second, 1));
  group.disconnect(group.nth_after(second, 2));
  const std::string lost = group.fresh();
  EXPECT_TRUE(group.propose(second, lost));
  group.run(2 * election);
  EXPECT_TRUE(group.nobody_applied(lost)) << "committed without a quorum";
}

TEST(Course, M06_follower_failure) { with_seeds({.nodes = 3}, follower_failure); }

void leader_failure(CourseGroup& group) {
  group.one(3);
  group.disconnect(group.check_one_leader());
  group.one(2);
  group.run(election);
  group.one(2, false);

  group.disconnect(group.check_one_leader());
  std::vector<std::string> lost;
  for (const NodeId id : group.everybody()) group.propose(id, lost.emplace_back(group.fresh()));
  group.run(2 * election);
  for (const std::string& command : lost)
    EXPECT_TRUE(group.nobody_applied(command)) << "committed without a quorum";
}

TEST(Course, M07_leader_failure) { with_seeds({.nodes = 3}, leader_failure); }

void fail_agree(CourseGroup& group) {
  group.one(3);
  const NodeId away = group.nth_after(group.check_one_leader(), 1);
  group.disconnect(away);
  group.one(2, false);
  group.one(2, false);
  group.run(election);
  group.one(2, false);
  group.one(2, false);
  group.connect(away);
  group.one(3);
  group.run(election);
  group.one(3);
}

TEST(Course, M08_fail_agree) { with_seeds({.nodes = 3}, fail_agree); }

void fail_no_agree(CourseGroup& group) {
  group.one(5);
  const NodeId first = group.check_one_leader();
  for (std::uint64_t i = 1; i <= 3; ++i) group.disconnect(group.nth_after(first, i));
  const std::string lost = group.fresh();
  const std::optional<LogId> taken = group.propose(first, lost);
  ASSERT_TRUE(taken);
  group.run(2 * election);
  EXPECT_TRUE(group.nobody_applied(lost)) << "committed without a quorum";

  for (std::uint64_t i = 1; i <= 3; ++i) group.connect(group.nth_after(first, i));
  const NodeId second = group.check_one_leader();
  const std::optional<LogId> next = group.propose(second, group.fresh());
  ASSERT_TRUE(next);
  // Instead of the lost command, or after it; and a leader opens its term with an entry.
  EXPECT_GT(next->index, taken->index);
  EXPECT_LE(next->index, taken->index + 2);
  group.one(5);
}

TEST(Course, M09_fail_no_agree) { with_seeds({.nodes = 5}, fail_no_agree); }

bool concurrent_round(CourseGroup& group) {
  const NodeId leader = group.check_one_leader();
  const Term term = group.world().core(leader)->term();
  std::vector<std::string> commands;
  std::vector<LogId> taken;
  for (int i = 0; i < 5; ++i) {
    const auto id = group.propose(leader, commands.emplace_back(group.fresh()));
    if (!id || id->term != term) return false;
    taken.push_back(*id);
  }
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (!group.wait(taken[i].index, 3, term)) return false;
    const std::string* applied = group.ledger().at(taken[i].index);
    EXPECT_TRUE(applied != nullptr && *applied == commands[i]);
    if (i > 0) {
      EXPECT_EQ(taken[i].index, taken[i - 1].index.next());
    }
  }
  return true;
}

void concurrent_starts(CourseGroup& group) {
  for (int attempt = 0; attempt < 5; ++attempt)
    if (concurrent_round(group)) return;
  ADD_FAILURE() << "the term changed too often";
}

TEST(Course, M10_concurrent_starts) { with_seeds({.nodes = 3}, concurrent_starts); }

void rejoin(CourseGroup& group) {
  group.one(3);
  const NodeId first = group.check_one_leader();
  group.disconnect(first);
  std::vector<std::string> lost;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(group.propose(first, lost.emplace_back(group.fresh())));
  group.one(2);

  const NodeId second = group.check_one_leader();
  group.disconnect(second);
  group.connect(first);
  group.one(2);
  group.connect(second);
  group.one(3);
  for (const std::string& command : lost) EXPECT_TRUE(group.nobody_applied(command));
}

TEST(Course, M11_rejoin) { with_seeds({.nodes = 3}, rejoin); }

void propose_many(CourseGroup& group, NodeId at) {
  for (int i = 0; i < 50; ++i) group.propose(at, group.fresh());
}

void backup(CourseGroup& group) {
  group.one(5);
  const NodeId first = group.check_one_leader();
  const auto after = [&](std::uint64_t steps) { return group.nth_after(first, steps); };
  for (const std::uint64_t i : {2U, 3U, 4U}) group.disconnect(after(i));
  propose_many(group, first);
  group.run(election / 2);
  for (const std::uint64_t i : {0U, 1U}) group.disconnect(after(i));
  for (const std::uint64_t i : {2U, 3U, 4U}) group.connect(after(i));
  for (int i = 0; i < 50; ++i) group.one(3);

  const NodeId second = group.check_one_leader();
  const NodeId other = second == after(2) ? group.nth_after(second, 1) : after(2);
  group.disconnect(other);
  propose_many(group, second);
  group.run(election / 2);
  for (const NodeId id : group.everybody()) group.disconnect(id);
  for (const NodeId id : {after(0), after(1), other}) group.connect(id);
  for (int i = 0; i < 50; ++i) group.one(3);
  for (const NodeId id : group.everybody()) group.connect(id);
  group.one(5);
}

TEST(Course, M12_backup) { with_seeds({.nodes = 5}, backup); }

bool count_ten_commands(CourseGroup& group) {
  const NodeId leader = group.check_one_leader();
  const Term term = group.world().core(leader)->term();
  const std::uint64_t before = group.requests();
  std::optional<LogId> last;
  for (int i = 0; i < 12; ++i) {
    last = group.propose(leader, group.fresh());
    if (!last || last->term != term) return false;
  }
  if (!group.wait(last->index, 3, term)) return false;
  expect_at_most("M13 ten commands", static_cast<double>(group.requests() - before), 30,
                 "requests");
  return true;
}

void count(CourseGroup& group) {
  // The election proper: until all know that the leader's first entry is committed.
  EXPECT_TRUE(group.world().wait_applied(Index{1}));
  EXPECT_GE(group.requests(), 1U);
  expect_at_most("M13 first election", static_cast<double>(group.requests()), 20, "requests");
  // The course looks up to half a second later, and allows 30.
  group.check_one_leader();
  expect_at_most("M13 first election, and heartbeats until the course looks",
                 static_cast<double>(group.requests()), 30, "requests");
  int attempts = 0;
  while (!count_ten_commands(group)) ASSERT_LT(++attempts, 5) << "the term changed too often";
  const std::uint64_t before = group.requests();
  group.run(1s);
  expect_at_most("M13 an idle second", static_cast<double>(group.requests() - before), 24,
                 "requests");
}

TEST(Course, M13_count) { with_seeds({.nodes = 3}, count); }

}  // namespace
}  // namespace bowline::sim

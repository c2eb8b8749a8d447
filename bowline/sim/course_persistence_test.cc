// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/sim/course_seeds.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration election = 1s;

void crash_and_start_all(CourseGroup& group) {
  for (const NodeId id : group.everybody()) group.crash(id);
  for (const NodeId id : group.everybody()) group.start(id);
}

void persist_1(CourseGroup& group) {
  group.one(3);
  crash_and_start_all(group);
  group.one(3);

  const NodeId first = group.check_one_leader();
  group.crash(first);
  group.start(first);
  group.one(3);

  const NodeId second = group.check_one_leader();
  group.crash(second);
  const Index late = group.one(2);
  group.start(second);
  EXPECT_TRUE(group.wait(late, 3, std::nullopt));

  const NodeId third = group.nth_after(group.check_one_leader(), 1);
  group.crash(third);
  group.one(2);
  group.start(third);
  group.one(3);
}

TEST(Course, M14_persist_1) { with_seeds({.nodes = 3}, persist_1); }

void persist_2(CourseGroup& group) {
  for (int round = 0; round < 5; ++round) {
    group.one(5);
    const NodeId leader = group.check_one_leader();
    const auto after = [&](std::uint64_t steps) { return group.nth_after(leader, steps); };
    for (const std::uint64_t i : {1U, 2U}) group.crash(after(i));
    group.one(3);
    for (const std::uint64_t i : {0U, 3U, 4U}) group.crash(after(i));
    for (const std::uint64_t i : {1U, 2U}) group.start(after(i));
    group.run(election);
    group.start(after(3));
    group.one(3);
    for (const std::uint64_t i : {4U, 0U}) group.start(after(i));
  }
  group.one(5);
}

TEST(Course, M15_persist_2) { with_seeds({.nodes = 5}, persist_2); }

void persist_3(CourseGroup& group) {
  const std::string first = group.fresh();
  const std::string second = group.fresh();
  group.one(first, 3, true);
  const NodeId leader = group.check_one_leader();
  const NodeId next = group.nth_after(leader, 1);
  const NodeId away = group.nth_after(leader, 2);
  group.disconnect(away);
  const Index committed = group.one(second, 2, true);
  group.crash(leader);
  group.crash(next);
  group.connect(away);
  group.start(leader);
  group.one(2);
  group.start(next);
  group.one(3);
  EXPECT_EQ(group.applied_by(committed), 3U);
}

TEST(Course, M16_persist_3) { with_seeds({.nodes = 3}, persist_3); }

void figure_8(CourseGroup& group) {
  group.one(1);
  std::size_t up = 5;
  for (int i = 0; i < 1000; ++i) {
    NodeId leader;
    for (const NodeId id : group.everybody())
      if (group.propose(id, group.fresh())) leader = id;
    const bool long_pause = group.chance().chance(10);
    group.run(1ms * static_cast<std::int64_t>(group.chance().below(long_pause ? 500 : 13)));
    if (leader && group.up(leader)) {
      group.crash(leader);
      --up;
    }
    if (up >= 3) continue;
    const NodeId back = group.anybody();
    if (group.up(back)) continue;
    group.start(back);
    ++up;
  }
  for (const NodeId id : group.everybody()) group.start(id);
  group.one(5);
  EXPECT_GE(group.world().counters().elections_won, 10U) << "too quiet to be a test";
}

TEST(Course, M17_figure_8) { with_seeds({.nodes = 5}, figure_8); }

void unreliable_agree(CourseGroup& group) {
  std::vector<Submission> open;
  for (int i = 0; i < 49; ++i) {
    for (int j = 0; j < 4; ++j) open.emplace_back(group, group.fresh(), 1, true);
    group.one(1);
    for (Submission& submission : open) submission.over();
  }
  group.run(100ms);
  for (Submission& submission : open) {
    while (!submission.over()) group.run(20ms);
    EXPECT_TRUE(submission.succeeded());
  }
  group.one(5);
}

TEST(Course, M18_unreliable_agree) {
  with_seeds({.nodes = 5, .unreliable = true}, unreliable_agree);
}

void figure_8_unreliable(CourseGroup& group) {
  group.one(1);
  std::size_t reachable = 5;
  for (int i = 0; i < 1000; ++i) {
    if (i == 200) group.reorder_replies();
    NodeId leader;
    for (const NodeId id : group.everybody())
      if (group.propose(id, group.fresh()) && group.connected(id)) leader = id;
    const bool long_pause = group.chance().chance(10);
    group.run(1ms * static_cast<std::int64_t>(group.chance().below(long_pause ? 500 : 13)));
    if (leader && group.chance().chance(50)) {
      group.disconnect(leader);
      --reachable;
    }
    if (reachable >= 3) continue;
    const NodeId back = group.anybody();
    if (group.connected(back)) continue;
    group.connect(back);
    ++reachable;
  }
  for (const NodeId id : group.everybody()) group.connect(id);
  const Time healed = group.world().now();
  group.one(5);
  expect_at_most("M19 agreement of all after Figure 8",
                 std::chrono::duration<double, std::milli>(group.world().now() - healed).count(),
                 10'000, "ms");
  EXPECT_GE(group.world().counters().elections_won, 3U) << "too quiet to be a test";
  EXPECT_GT(group.world().counters().messages_doubled, 0U);
}

TEST(Course, M19_figure_8_unreliable) {
  with_seeds({.nodes = 5, .unreliable = true}, figure_8_unreliable);
}

// A client that asks everybody, waits a while, and remembers what it saw committed.
class Client : public Pupil {
 public:
  Client(CourseGroup& group, std::int64_t number) : group_(group), number_(number) {}

  void tick() override {
    const Time now = group_.world().now();
    if (now < again_at_) return;
    if (!at_) return submit();
    const std::string* applied = group_.ledger().at(at_);
    if (group_.applied_by(at_) > 0 && applied != nullptr) {
      if (*applied == command_) seen_.push_back(command_);
      return pause();
    }
    if (now - asked_ > 380ms) pause();
  }
  const std::vector<std::string>& seen() const { return seen_; }

 private:
  void pause() {
    at_ = {};
    again_at_ = group_.world().now() + 79ms + 17ms * number_;
  }
  void submit() {
    for (const NodeId id : group_.everybody()) {
      const std::string command = group_.fresh("client");
      const std::optional<LogId> taken = group_.propose(id, command);
      if (!taken) continue;
      command_ = command;
      at_ = taken->index;
    }
    asked_ = group_.world().now();
    if (!at_) pause();
  }

  CourseGroup& group_;
  std::int64_t number_;
  Time again_at_;
  Time asked_;
  Index at_;
  std::string command_;
  std::vector<std::string> seen_;
};

void churn(CourseGroup& group) {
  std::vector<Client> clients;
  clients.reserve(3);
  for (std::int64_t i = 0; i < 3; ++i) clients.emplace_back(group, i);
  for (Client& client : clients) group.join(client);
  for (int round = 0; round < 20; ++round) {
    if (group.chance().chance(20)) group.disconnect(group.anybody());
    if (group.chance().chance(50)) {
      const NodeId back = group.anybody();
      group.start(back);
      group.connect(back);
    }
    if (group.chance().chance(20)) group.crash(group.anybody());
    group.run(election * 7 / 10);
  }
  group.run(election);
  for (const NodeId id : group.everybody()) {
    group.start(id);
    group.connect(id);
  }
  group.dismiss_pupils();
  group.run(election);
  const Index last = group.one(5);
  EXPECT_EQ(group.applied_by(last), 5U);
  for (const Client& client : clients) {
    EXPECT_FALSE(client.seen().empty());
    for (const std::string& command : client.seen())
      EXPECT_FALSE(group.nobody_applied(command)) << command << " was seen, and is gone";
  }
}

TEST(Course, M20_reliable_churn) { with_seeds({.nodes = 5}, churn); }
TEST(Course, M21_unreliable_churn) { with_seeds({.nodes = 5, .unreliable = true}, churn); }

}  // namespace
}  // namespace bowline::sim

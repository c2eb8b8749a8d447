// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/test_node.h"

// Machines that throw: against their contract, but that is what programs do.
namespace bowline {
namespace {

class ThrowingTest : public NodeTest {
 protected:
  ThrowingTest() {
    adjust_ = [this](NodeOptions& options) {
      options.log_sink = [this](std::string_view line) {
        const std::scoped_lock lock(mutex_);
        lines_.emplace_back(line);
      };
    };
  }
  ~ThrowingTest() override { members_.clear(); }  // they write lines till then

  void poison(std::uint64_t id) {
    members_.at(id).diary->before = [](std::string_view command) {
      if (command == "poison") throw std::runtime_error("no such berth");
    };
  }
  GroupStatus status(std::uint64_t id) { return members_.at(id).group->status().get(); }
  bool logged(const std::string& words) {
    const std::scoped_lock lock(mutex_);
    for (const std::string& line : lines_)
      if (line.find(words) != std::string::npos) return true;
    return false;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST_F(ThrowingTest, one_replica_halts_and_the_others_lead_on) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  const std::uint64_t bad = leader();
  poison(bad);
  const Outcome outcome = members_.at(bad).group->propose("poison").get();
  EXPECT_TRUE(std::holds_alternative<Unknown>(outcome)) << text(outcome);
  const GroupStatus halted = status(bad);
  EXPECT_TRUE(halted.stopped);
  // Its log may have the first entry of the next leader, too.
  const std::string index = std::to_string(halted.applied.index.next().value);
  EXPECT_EQ(halted.failure, "its machine threw at entry " + index + ": no such berth");
  EXPECT_EQ(halted.role, raft::Role::follower);
  EXPECT_EQ(halted.leader, NodeId{});
  EXPECT_TRUE(logged("what=\"its machine threw, and it stopped\" first=" + index +
                     " last=" + index + " why=\"no such berth\""));
  // The poison was committed: with the others it is command 2.
  EXPECT_EQ(write("b"), "3");
  EXPECT_NE(leader(), bad);
  members_.erase(bad);
  open(bad);
  start(bad);
  EXPECT_EQ(read(bad), "a\npoison\nb\n");
}

TEST_F(ThrowingTest, whoever_asks_a_replica_that_has_halted_is_told) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  poison(1);
  const Group& mine = *members_[1].group;
  std::future<Outcome> poisoned = mine.propose("poison");
  std::future<Outcome> behind = mine.propose("b");
  EXPECT_TRUE(std::holds_alternative<Unknown>(poisoned.get()));
  EXPECT_FALSE(std::holds_alternative<Applied>(behind.get()));
  const auto stopped = [](const auto& outcome) {
    const auto* const refused = std::get_if<Refused>(&outcome);
    return refused != nullptr && refused->why == raft::Refusal::stopped;
  };
  EXPECT_TRUE(stopped(mine.propose("c").get()));
  EXPECT_TRUE(stopped(mine.barrier().get()));
  EXPECT_TRUE(stopped(mine.read().get()));
  EXPECT_TRUE(stopped(mine.read_within(1h).get()));
  EXPECT_TRUE(stopped(mine.remove_member(NodeId{1}).get()));
  const auto why = [](const auto& result) { return result ? "it did" : result.error().what; };
  const std::string failure = status(1).failure;
  EXPECT_EQ(why(mine.snapshot().get()), failure);
  EXPECT_EQ(why(mine.await_leader(1h).get()), failure);
  EXPECT_EQ(mine.explain().get(), "node 1 (group 7) has stopped: " + failure + "\n");
  EXPECT_EQ(members_[1].node->status().get().leads, 0U);
}

TEST_F(ThrowingTest, the_other_groups_of_the_node_go_on) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  const GroupSetup setup{.founders = {{.id = NodeId{1}, .address = addresses_[1]}}};
  const Result<Group> other = members_[1].node->start(GroupId{8}, setup, std::make_unique<Diary>());
  ASSERT_TRUE(other.has_value());
  ASSERT_TRUE(other->await_leader(60s).get().has_value());
  members_[1].diary->before = [](std::string_view) { throw 7; };
  EXPECT_TRUE(std::holds_alternative<Unknown>(members_[1].group->propose("b").get()));
  EXPECT_NE(status(1).failure.find("something that is no std::exception"), std::string::npos);
  const Outcome outcome = other->propose("c").get();
  EXPECT_TRUE(std::holds_alternative<Applied>(outcome)) << text(outcome);
}

}  // namespace
}  // namespace bowline

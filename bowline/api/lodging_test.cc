// SPDX-License-Identifier: Apache-2.0
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/test_node.h"

// What a program does on the node's thread by itself, and what it sees there.
namespace bowline {
namespace {

class LodgingTest : public NodeTest {
 protected:
  static std::thread::id thread_of(Node& node) {
    std::thread::id id;
    node.at([&](host::Shard*) { id = std::this_thread::get_id(); });
    node.status().get();  // in this order
    return id;
  }
};

// Notes where it ends, and whether the group is there still.
class Guest final : public Lodger {
 public:
  struct Seen {
    std::thread::id thread;
    bool with_group = false;
    bool ended = false;
  };
  Guest(host::Shard& shard, GroupId group, Seen& seen)
      : shard_(shard), group_(group), seen_(seen) {}
  ~Guest() override { seen_ = {std::this_thread::get_id(), shard_.find(group_) != nullptr, true}; }

 private:
  host::Shard& shard_;
  GroupId group_;
  Seen& seen_;
};

TEST_F(LodgingTest, a_lodger_ends_on_the_thread_of_the_node_before_its_groups_do) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  Guest::Seen seen;
  std::thread::id made_on;
  const Result<void> made =
      members_[1].node->lodge([&](const Room& room) -> Result<std::unique_ptr<Lodger>> {
        made_on = std::this_thread::get_id();
        return std::make_unique<Guest>(room.shard, group, seen);
      });
  ASSERT_TRUE(made.has_value()) << made.error().what;
  EXPECT_FALSE(seen.ended);
  EXPECT_EQ(made_on, thread_of(*members_[1].node));
  members_.clear();
  EXPECT_TRUE(seen.ended);
  EXPECT_TRUE(seen.with_group);
  EXPECT_EQ(seen.thread, made_on);
}

TEST_F(LodgingTest, who_cannot_be_made_says_why_and_the_node_goes_on) {
  found(1);
  const Result<void> made =
      members_[1].node->lodge([](const Room&) -> Result<std::unique_ptr<Lodger>> {
        return std::unexpected(Error{Fault::unreachable, "the port is taken"});
      });
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().fault, Fault::unreachable);
  EXPECT_EQ(made.error().what, "the port is taken");
  EXPECT_EQ(write("a"), "1");
}

TEST_F(LodgingTest, a_group_is_looked_at_as_long_as_it_is_there) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  const Group mine = *members_[1].group;
  struct Seen {
    std::thread::id thread;
    GroupId group;
    bool is_null = false;
  };
  const auto look = [&] {
    std::promise<Seen> promise;
    mine.with([&](host::Replica* replica) {
      promise.set_value({std::this_thread::get_id(),
                         replica == nullptr ? GroupId{} : replica->group(), replica == nullptr});
    });
    return promise.get_future().get();
  };
  const Seen here = look();
  EXPECT_EQ(here.group, group);
  EXPECT_EQ(here.thread, thread_of(*members_[1].node));
  members_[1].node->end(group);
  EXPECT_TRUE(look().is_null);
  members_.clear();
  const Seen late = look();
  EXPECT_TRUE(late.is_null);
  EXPECT_EQ(late.thread, std::this_thread::get_id());
}

TEST_F(LodgingTest, the_first_groups_of_a_node_are_told_of) {
  found(1);
  for (const std::uint64_t id : {9U, 8U})
    ASSERT_TRUE(members_[1].node->start(GroupId{id}, {}, std::make_unique<Diary>()).has_value());
  const auto ids = [&](std::size_t most) {
    std::vector<std::uint64_t> all;
    for (const GroupStatus& each : members_[1].node->groups(most).get())
      all.push_back(each.group.value);
    return all;
  };
  EXPECT_EQ(ids(100), (std::vector<std::uint64_t>{7, 8, 9}));
  EXPECT_EQ(ids(2), (std::vector<std::uint64_t>{7, 8}));
  EXPECT_EQ(ids(0), std::vector<std::uint64_t>{});
}

}  // namespace
}  // namespace bowline

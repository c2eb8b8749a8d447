// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/query.h"

#include <chrono>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include "bowline/api/await.h"
#include "bowline/api/test_node.h"

// Whoever reads the machine does so on the node's thread, and is answered in any case.
namespace bowline {
namespace {

class QueryTest : public NodeTest {
 protected:
  // As this member has it; again, as long as it knows of no leader.
  std::string all_of(std::uint64_t id) {
    Result<std::string> all;
    const Diary& diary = *members_.at(id).diary;
    const bool seen = soon([&] {
      all = members_.at(id).group->query([&diary] { return diary.text; }).get();
      return all.has_value();
    });
    return seen ? *all : all.error().what;
  }
};

TEST_F(QueryTest, each_member_shows_what_was_done_before) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  ASSERT_EQ(write("b"), "2");
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(all_of(id), "a\nb\n");
}

TEST_F(QueryTest, the_machine_is_read_on_the_thread_where_it_works) {
  found(1);
  std::thread::id works;
  members_[1].diary->before = [&](std::string_view) { works = std::this_thread::get_id(); };
  ASSERT_EQ(write("a"), "1");
  const auto here = [] { return std::this_thread::get_id(); };
  const Group& mine = *members_[1].group;
  EXPECT_EQ(mine.query(here).get().value(), works);
  EXPECT_EQ(mine.query(raft::ReadKind::linearizable, here).get().value(), works);
  EXPECT_EQ(mine.query_within(1h, here).get().value(), works);
  EXPECT_NE(works, std::this_thread::get_id());
}

TEST_F(QueryTest, what_returns_nothing_is_a_query_too) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  std::string copy;
  const Result<void> done = members_[1].group->query([&] { copy = members_[1].diary->text; }).get();
  EXPECT_TRUE(done.has_value());
  EXPECT_EQ(copy, "a\n");
}

TEST_F(QueryTest, a_state_that_may_be_too_old_is_not_shown) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  ASSERT_EQ(all_of(1), "a\n");
  members_.erase(2);
  members_.erase(3);
  bool called = false;
  const Group& mine = *members_[1].group;
  ASSERT_TRUE(soon([&] {
    called = false;
    const Result<void> seen = mine.query_within(50ms, [&] { called = true; }).get();
    return !seen && seen.error().fault == Fault::timeout;
  }));
  EXPECT_FALSE(called);
}

TEST_F(QueryTest, one_that_throws_is_told_so_and_the_node_goes_on) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  const Result<int> seen =
      members_[1].group->query([]() -> int { throw std::runtime_error("no such berth"); }).get();
  ASSERT_FALSE(seen.has_value());
  EXPECT_EQ(seen.error().fault, Fault::invalid);
  EXPECT_EQ(seen.error().what, "a query threw: no such berth");
  EXPECT_EQ(write("b"), "2");
}

TEST_F(QueryTest, of_a_group_that_has_ended_nothing_is_seen) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  members_[1].node->end(group);
  const Result<int> seen = members_[1].group->query([] { return 1; }).get();
  ASSERT_FALSE(seen.has_value());
  EXPECT_EQ(seen.error().fault, Fault::not_found);
}

TEST(Query, is_answered_if_the_read_is_dropped) {
  std::optional<Result<int>> told;
  const auto look = [] { return 1; };
  {
    const Query<std::remove_const_t<decltype(look)>> query(
        look, [&](Result<int> seen) { told = std::move(seen); });
    EXPECT_FALSE(told.has_value());
  }
  ASSERT_TRUE(told.has_value());
  ASSERT_FALSE(told->has_value());
  EXPECT_EQ(told->error().fault, Fault::not_found);
}

// Wherever the question is at that moment: on its way to the node, in it, or behind.
TEST_F(QueryTest, whoever_waits_is_told_when_the_node_ends) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  for (int i = 0; i < 20; ++i) {
    const Group held = *members_[1].group;
    const Diary& diary = *members_[1].diary;
    std::future<Result<std::string>> seen = held.query([&diary] { return diary.text; });
    std::this_thread::sleep_for(40us * i);
    members_.clear();
    ASSERT_EQ(seen.wait_for(10s), std::future_status::ready) << i;
    const Result<std::string> all = seen.get();
    EXPECT_TRUE(all ? *all == "a\n" : all.error().fault == Fault::not_found);
    open(1);
    start(1);
    ASSERT_NE(leader(), 0U);
    ASSERT_EQ(all_of(1), "a\n");
  }
}

}  // namespace
}  // namespace bowline

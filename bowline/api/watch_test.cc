// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/watch.h"

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/test_node.h"

// Who watches a node that runs, and for how long.
namespace bowline {
namespace {

class WatchTest : public NodeTest {
 protected:
  // Something that each watcher hears of, and which is over when this returns.
  void let_something_happen() {
    ASSERT_NE(write("x"), "never");
    ASSERT_TRUE(members_[1].group->snapshot().get().has_value());
    std::promise<void> turned;
    members_[1].node->at([&](host::Shard*) { turned.set_value(); });
    turned.get_future().wait();
  }
  static bool is_snapshot(const host::News& news) {
    return std::holds_alternative<host::SnapshotTaken>(news);
  }
};

TEST_F(WatchTest, it_hears_of_all_groups_on_the_thread_of_the_node_until_it_ends) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  std::thread::id of_the_node;
  members_[1].node->at([&](host::Shard*) { of_the_node = std::this_thread::get_id(); });
  std::atomic<int> heard = 0;
  std::thread::id told_on;
  GroupId told_of;
  std::optional<Watch> watch = members_[1].node->watch([&](GroupId of, const host::News& news) {
    if (!is_snapshot(news)) return;
    told_on = std::this_thread::get_id();
    told_of = of;
    ++heard;
  });
  let_something_happen();
  EXPECT_EQ(heard, 1);
  EXPECT_EQ(told_on, of_the_node);
  EXPECT_EQ(told_of, group);
  watch.reset();
  let_something_happen();
  EXPECT_EQ(heard, 1);
}

TEST_F(WatchTest, what_it_was_given_is_gone_with_it) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  const auto kept = std::make_shared<int>(0);
  Watch watch = members_[1].node->watch([kept](GroupId, const host::News&) { ++*kept; });
  let_something_happen();
  EXPECT_GT(*kept, 0);
  EXPECT_EQ(kept.use_count(), 2);
  watch = {};
  EXPECT_EQ(kept.use_count(), 1);
}

TEST_F(WatchTest, it_ends_within_its_own_call) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  std::atomic<int> heard = 0;
  const auto kept = std::make_shared<int>(0);
  std::optional<Watch> watch;
  std::promise<void> may_call;
  members_[1].node->at([begin = may_call.get_future().share()](host::Shard*) { begin.wait(); });
  watch = members_[1].node->watch([&, kept](GroupId, const host::News& news) {
    if (!is_snapshot(news)) return;
    ++heard;
    watch.reset();
  });
  may_call.set_value();
  let_something_happen();
  let_something_happen();
  EXPECT_EQ(heard, 1);
  EXPECT_EQ(kept.use_count(), 1);
}

// Whoever ends it may let go of what the call uses.
TEST_F(WatchTest, its_end_waits_for_a_call_that_is_under_way) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  std::promise<void> called;
  std::promise<void> goes_on;
  std::atomic<bool> over = false;
  std::optional<Watch> watch = members_[1].node->watch(
      [&, go = goes_on.get_future().share()](GroupId, const host::News& news) {
        if (!is_snapshot(news)) return;
        called.set_value();
        go.wait();
        over = true;
      });
  std::future<Result<raft::Base>> taken = members_[1].group->snapshot();
  called.get_future().wait();
  std::future<bool> ended = std::async(std::launch::async, [&] {
    watch.reset();
    return over.load();
  });
  EXPECT_EQ(ended.wait_for(50ms), std::future_status::timeout);
  goes_on.set_value();
  EXPECT_TRUE(ended.get());
  EXPECT_TRUE(taken.get().has_value());
}

TEST_F(WatchTest, it_may_outlive_the_node) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  std::atomic<bool> ended = false;
  Watch watch = members_[1].node->watch([&](GroupId of, const host::News& news) {
    if (of == group && std::holds_alternative<host::GroupEnded>(news)) ended = true;
  });
  members_[1].node->status().get();  // by then it hears
  members_.clear();
  EXPECT_TRUE(ended);
  watch = {};
}

}  // namespace
}  // namespace bowline

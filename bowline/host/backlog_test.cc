// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/backlog.h"

#include <cstdint>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

namespace bowline::host {
namespace {

TEST(Backlog, takes_what_fits_and_counts_what_does_not) {
  Backlog backlog(100);
  std::optional<Backlog::Share> first = backlog.take(60);
  ASSERT_TRUE(first);
  EXPECT_FALSE(backlog.take(41));
  EXPECT_FALSE(backlog.take(~std::uint64_t{0}, 3)) << "a sum that is no number";
  EXPECT_EQ(backlog.refused(), 4U);
  const std::optional<Backlog::Share> second = backlog.take(40);
  EXPECT_TRUE(second);
  EXPECT_EQ(backlog.bytes(), 100U);
  first.reset();
  EXPECT_EQ(backlog.bytes(), 40U);
}

TEST(Backlog, takes_one_that_is_larger_than_itself_but_only_when_it_is_empty) {
  Backlog backlog(100);
  std::optional<Backlog::Share> large = backlog.take(1000);
  ASSERT_TRUE(large);
  EXPECT_FALSE(backlog.take(1));
  large.reset();
  EXPECT_TRUE(backlog.take(1));
  EXPECT_EQ(backlog.bytes(), 0U);
}

TEST(Backlog, a_share_is_given_back_once_wherever_it_went) {
  Backlog backlog(100);
  {
    Backlog::Share all;
    all.join(*backlog.take(10));
    all.join(*backlog.take(20));
    EXPECT_EQ(all.bytes(), 30U);
    Backlog::Share there = std::move(all);
    EXPECT_EQ(backlog.bytes(), 30U);
    Backlog::Share other = *backlog.take(5);
    other = std::move(there);
    EXPECT_EQ(other.bytes(), 30U);
  }
  EXPECT_EQ(backlog.bytes(), 0U);
}

struct UnwrittenTest : testing::Test {
  void give(std::uint64_t ticket, std::uint64_t commands) {
    unwritten.given({ticket}, commands, *backlog.take(10));
  }
  void append(std::uint64_t term, std::uint64_t last, std::uint64_t count) {
    outline.append({{{term}, {last}}, count, 10});
    outline.submitted({++seqs});
  }
  Backlog backlog{1000};
  raft::Outline outline;
  Unwritten unwritten;
  std::uint64_t seqs = 0;
};

TEST_F(UnwrittenTest, a_batch_counts_until_its_last_entry_is_on_the_disk) {
  give(1, 2);
  give(2, 3);
  give(3, 1);
  unwritten.admitted({{1}, {{1}, {1}}});
  unwritten.admitted({{2}, {{1}, {3}}});
  append(1, 2, 2);
  append(1, 4, 2);
  append(1, 5, 1);
  outline.persisted({2});
  unwritten.persisted(outline);
  EXPECT_EQ(backlog.bytes(), 20U);
  unwritten.refused({3});
  EXPECT_EQ(backlog.bytes(), 10U);
  outline.persisted({3});
  unwritten.persisted(outline);
  EXPECT_TRUE(unwritten.empty());
}

TEST_F(UnwrittenTest, a_batch_that_another_leader_cut_off_counts_no_more) {
  give(1, 1);
  give(2, 3);
  unwritten.admitted({{1}, {{1}, {1}}});
  unwritten.admitted({{2}, {{1}, {2}}});
  append(1, 1, 1);
  append(1, 4, 3);
  outline.cut_after({1});
  append(2, 2, 1);
  outline.persisted({1});
  unwritten.persisted(outline);
  EXPECT_EQ(backlog.bytes(), 0U);
}

TEST_F(UnwrittenTest, at_the_end_nothing_counts) {
  give(1, 1);
  give(2, 3);
  unwritten.admitted({{1}, {{1}, {1}}});
  unwritten.end();
  EXPECT_EQ(backlog.bytes(), 0U);
}

}  // namespace
}  // namespace bowline::host

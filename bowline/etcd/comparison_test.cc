// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/comparison.h"

#include <vector>

#include <gtest/gtest.h>

namespace bowline::etcd {
namespace {

using Ids = std::vector<NodeId>;

constexpr HashOfPast right{.hash = 1, .revision = 9, .compacted = 4};
constexpr HashOfPast wrong{.hash = 2, .revision = 9, .compacted = 4};
constexpr HashOfPast also_wrong{.hash = 3, .revision = 9, .compacted = 4};
constexpr HashOfPast of_another_past{.hash = 5, .revision = 9, .compacted = 7};

TEST(Comparison, of_members_that_agree_none_differs) {
  EXPECT_EQ(who_differs({}, 3), Ids{});
  EXPECT_EQ(who_differs({{{1}, right}}, 3), Ids{}) << "nobody else has answered";
  EXPECT_EQ(who_differs({{{1}, right}, {{2}, right}, {{3}, right}}, 3), Ids{});
}

TEST(Comparison, who_is_against_a_majority_of_all_members_differs) {
  EXPECT_EQ(who_differs({{{1}, right}, {{2}, wrong}, {{3}, right}}, 3), Ids{{2}});
  EXPECT_EQ(
      who_differs({{{1}, wrong}, {{2}, right}, {{3}, right}, {{4}, also_wrong}, {{5}, right}}, 5),
      (Ids{{1}, {4}}));
}

TEST(Comparison, without_a_majority_nobody_knows_who_is_wrong) {
  EXPECT_EQ(who_differs({{{1}, right}, {{2}, wrong}}, 2), Ids{{0}});
  EXPECT_EQ(who_differs({{{1}, right}, {{2}, wrong}}, 3), Ids{{0}});
  EXPECT_EQ(who_differs({{{1}, right}, {{2}, wrong}, {{3}, also_wrong}}, 3), Ids{{0}});
  EXPECT_EQ(who_differs({{{1}, right}, {{2}, right}, {{3}, wrong}}, 5), Ids{{0}})
      << "two of five are not many";
}

TEST(Comparison, who_has_compacted_something_else_is_not_compared) {
  EXPECT_EQ(who_differs({{{1}, right}, {{2}, right}, {{3}, of_another_past}}, 3), Ids{});
  EXPECT_EQ(who_differs({{{1}, right}, {{2}, of_another_past}}, 3), Ids{});
}

TEST(Comparison, all_were_compared_once_each_has_said_what_it_has_of_the_same_past) {
  EXPECT_TRUE(all_were_compared({{{1}, right}, {{2}, wrong}, {{3}, right}}, 3));
  EXPECT_FALSE(all_were_compared({{{1}, right}, {{2}, right}}, 3));
  EXPECT_FALSE(all_were_compared({{{1}, right}, {{2}, right}, {{3}, of_another_past}}, 3));
  EXPECT_FALSE(all_were_compared({}, 3));
}

}  // namespace
}  // namespace bowline::etcd

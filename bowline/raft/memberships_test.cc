// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/memberships.h"

#include <vector>

#include <gtest/gtest.h>

namespace bowline::raft {
namespace {

Config config(std::uint64_t at, std::uint64_t voters) {
  auto membership = std::make_shared<Membership>();
  for (std::uint64_t n = 1; n <= voters; ++n) membership->members.push_back({.id = {n}});
  return {{at}, std::move(membership)};
}

Base base_of(std::uint64_t index, const Config& config) {
  return {{{1}, {index}}, config.membership, config.at};
}

Memberships three() {
  const std::vector<Config> in_log{config(4, 2), config(9, 3)};
  return {base_of(2, config(1, 1)), in_log};
}

std::size_t voters(const Config& config) { return config.membership->voters(); }

TEST(Memberships, the_latest_is_in_force_from_when_it_is_appended) {
  Memberships all = three();
  EXPECT_EQ(all.latest().at, Index{9});
  all.append(config(12, 5));
  EXPECT_EQ(voters(all.latest()), 5U);
}

TEST(Memberships, each_index_has_its_own) {
  const Memberships all = three();
  EXPECT_EQ(voters(all.at({2})), 1U);
  EXPECT_EQ(voters(all.at({3})), 1U);
  EXPECT_EQ(voters(all.at({4})), 2U);
  EXPECT_EQ(voters(all.at({8})), 2U);
  EXPECT_EQ(voters(all.at({9})), 3U);
  EXPECT_EQ(voters(all.at({99})), 3U);
}

TEST(Memberships, a_cut_brings_back_the_one_before) {
  Memberships all = three();
  EXPECT_FALSE(all.cut_after({9}));
  EXPECT_TRUE(all.cut_after({8}));
  EXPECT_EQ(voters(all.latest()), 2U);
  EXPECT_TRUE(all.cut_after({2}));
  EXPECT_EQ(voters(all.latest()), 1U);
}

TEST(Memberships, a_base_forgets_those_that_were_replaced_by_then) {
  Memberships all = three();
  all.rebase({8});
  EXPECT_EQ(voters(all.at({8})), 2U);
  EXPECT_EQ(voters(all.at({1})), 2U);  // nobody asks below the base
  EXPECT_FALSE(all.cut_after({9}));
  EXPECT_TRUE(all.cut_after({8}));
  EXPECT_EQ(all.latest().at, Index{4});
}

TEST(Memberships, a_cut_never_takes_the_one_of_the_base) {
  Memberships all(base_of(5, config(5, 3)), {});
  EXPECT_FALSE(all.cut_after({4}));
  EXPECT_EQ(voters(all.latest()), 3U);
}

TEST(Memberships, a_snapshot_in_place_of_the_log_brings_its_own) {
  Memberships all = three();
  all.restart_from(base_of(40, config(33, 4)));
  EXPECT_EQ(all.latest().at, Index{33});
  EXPECT_EQ(voters(all.at({40})), 4U);
}

TEST(Memberships, one_that_was_lost_takes_its_place_when_it_is_back) {
  Memberships all(base_of(2, config(1, 1)), {});
  all.append(config(9, 3));
  all.insert(config(4, 2));
  EXPECT_EQ(voters(all.at({5})), 2U);
  EXPECT_EQ(voters(all.latest()), 3U);
  all.insert(config(12, 5));
  EXPECT_EQ(voters(all.latest()), 5U);
  all.insert(config(9, 7));  // it is here already
  EXPECT_EQ(voters(all.at({9})), 3U);
  all.insert(config(1, 7));  // the base knows better
  EXPECT_EQ(voters(all.at({2})), 1U);
}

TEST(Memberships, where_no_group_is_known_nobody_counts) {
  const Memberships all(Base{}, {});
  ASSERT_NE(all.latest().membership, nullptr);
  EXPECT_TRUE(all.latest().membership->members.empty());
  EXPECT_EQ(all.latest().at, Index{0});
}

TEST(Memberships, what_the_group_began_with_goes_once_its_first_entry_is_committed) {
  const std::vector<Config> in_log{config(1, 2), config(9, 3)};
  Memberships all(base_of(0, config(0, 1)), in_log);
  all.committed({0});
  EXPECT_EQ(voters(all.at({0})), 1U);
  all.committed({1});
  EXPECT_EQ(voters(all.at({0})), 2U);
  EXPECT_EQ(voters(all.at({8})), 2U);
  EXPECT_EQ(voters(all.at({9})), 3U);
}

TEST(Memberships, what_a_snapshot_may_need_stays_when_a_later_one_is_committed) {
  Memberships all = three();
  all.committed({9});
  EXPECT_EQ(voters(all.at({2})), 1U);
  EXPECT_EQ(voters(all.at({4})), 2U);
}

}  // namespace
}  // namespace bowline::raft

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/quorums.h"

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

raft::Membership change(std::uint64_t from, std::uint64_t first, std::uint64_t last) {
  std::vector<raft::Wanted> wanted;
  for (std::uint64_t id = first; id <= last; ++id) wanted.push_back({.id = {id}});
  return staged(group(from), wanted);
}

TEST(Quorums, a_majority_decides) {
  EXPECT_TRUE(is_quorum(group(3), 0b011));
  EXPECT_FALSE(is_quorum(group(3), 0b100));
  EXPECT_FALSE(is_quorum(group(4), 0b0011));
}

TEST(Quorums, learners_do_not_count) {
  const raft::Membership learning = change(3, 1, 4);
  EXPECT_FALSE(is_quorum(learning, 0b1001));
  EXPECT_TRUE(is_quorum(learning, 0b0011));
}

TEST(Quorums, both_halves_of_a_joint_membership_decide) {
  const raft::Membership joint = joined(change(3, 3, 5));
  EXPECT_FALSE(is_quorum(joint, 0b00011));
  EXPECT_FALSE(is_quorum(joint, 0b11000));
  EXPECT_TRUE(is_quorum(joint, 0b01101));
}

TEST(Quorums, a_joint_membership_meets_both_that_it_joins) {
  const raft::Membership joint = joined(change(3, 4, 6));
  EXPECT_TRUE(quorums_meet(group(3), joint));
  EXPECT_TRUE(quorums_meet(joint, concluded(joint)));
  EXPECT_FALSE(quorums_meet(group(3), concluded(joint)));
  EXPECT_TRUE(quorums_meet(group(3), group(4)));
  EXPECT_FALSE(quorums_meet(group(3), group(5)));
}

}  // namespace
}  // namespace bowline::sim

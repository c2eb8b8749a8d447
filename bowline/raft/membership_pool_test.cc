// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/membership_pool.h"

#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::raft {
namespace {

MembershipPtr of(std::uint64_t members) {
  Membership membership{.cluster = {7}, .members = {}};
  for (std::uint64_t id = 1; id <= members; ++id) {
    Member member;
    member.id = {id};
    member.address = Text("10.0.0.1:7000");
    membership.members.push_back(std::move(member));
  }
  return std::make_shared<const Membership>(std::move(membership));
}

TEST(MembershipPool, equal_memberships_are_kept_once) {
  MembershipPool pool;
  const MembershipPtr first = pool.share(of(3));
  EXPECT_EQ(pool.share(of(3)), first);
  EXPECT_NE(pool.share(of(2)), first);
  EXPECT_EQ(*first, *of(3));
}

TEST(MembershipPool, no_members_are_none_to_share) {
  MembershipPool pool;
  const auto nobody = std::make_shared<const Membership>();
  EXPECT_EQ(pool.share(nobody), nobody);
  EXPECT_EQ(pool.size(), 0U);
}

TEST(MembershipPool, what_nobody_has_is_forgotten) {
  MembershipPool pool;
  const MembershipPtr kept = pool.share(of(1));
  for (std::uint64_t round = 0; round < 1000; ++round) {
    Membership other = *of(2);
    other.cluster = {round + 1};
    pool.share(std::make_shared<const Membership>(std::move(other)));
  }
  EXPECT_LE(pool.size(), 64U);
  EXPECT_EQ(pool.share(of(1)), kept);
}

}  // namespace
}  // namespace bowline::raft

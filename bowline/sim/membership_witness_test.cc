// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/membership_witness.h"

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

struct MembershipCase : testing::Test {
  Forge forge{3};
  MembershipWitness witness{forge};

  MembershipCase() {
    witness.started(forge.node(1));
    grow(forge.node(1).written, {1}, "a");
    appends(group(3), {1});
  }
  void appends(const raft::Membership& next, Index commit) {
    Site& site = forge.node(1);
    const raft::Effects effects{grow(site.written, {1}, next)};
    witness.saw(site, forge.leader(site, {1}, commit), raft::Woken{}, effects);
  }
  static raft::Membership wanted(std::uint64_t voters) {
    std::vector<raft::Wanted> all;
    for (std::uint64_t id = 1; id <= voters; ++id) all.push_back({.id = {id}});
    return staged(group(3), all);
  }
};

TEST_F(MembershipCase, one_committed_step_after_the_other_is_fine) {
  appends(wanted(5), {2});
  appends(joined(wanted(5)), {3});
  appends(concluded(joined(wanted(5))), {4});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(MembershipCase, the_way_back_need_not_wait) {
  appends(wanted(5), {2});
  appends(joined(wanted(5)), {3});
  appends(cancelled(joined(wanted(5))), {3});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(MembershipCase, the_way_back_may_start_from_a_joint_membership_that_was_amended) {
  appends(wanted(5), {2});
  appends(joined(wanted(5)), {3});
  appends(bound(joined(wanted(5)), {4}, {104}), {4});
  appends(cancelled(joined(wanted(5))), {4});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(MembershipCase, a_second_change_while_one_is_pending_is_seen) {
  appends(wanted(5), {2});
  appends(joined(wanted(5)), {2});
  EXPECT_EQ(forge.broken(), "I12");
}

TEST_F(MembershipCase, a_change_before_the_leader_committed_anything_is_seen) {
  appends(wanted(5), {0});
  EXPECT_EQ(forge.broken(), "I12");
}

TEST_F(MembershipCase, two_memberships_that_can_decide_apart_are_seen) {
  appends(group(5), {2});
  EXPECT_EQ(forge.broken(), "I12");
}

TEST_F(MembershipCase, one_node_more_of_four_is_no_danger) {
  appends(group(4), {2});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(MembershipCase, acting_on_an_older_membership_is_seen) {
  Site& site = forge.node(1);
  const raft::Effects effects{grow(site.written, {1}, wanted(5))};
  Mind mind = forge.leader(site, {1}, {2});
  mind.config = {{2}, forge.members()};
  witness.saw(site, mind, raft::Woken{}, effects);
  EXPECT_EQ(forge.broken(), "I12");
}

TEST_F(MembershipCase, acting_on_a_membership_that_was_cut_is_seen) {
  Site& site = forge.node(1);
  const Mind before = forge.follower(site, {1});
  raft::Persist write;
  write.cut_after = Index{1};
  cut(site.written, {1});
  witness.saw(site, before, raft::Woken{}, {write});
  EXPECT_EQ(forge.broken(), "I12");
}

}  // namespace
}  // namespace bowline::sim

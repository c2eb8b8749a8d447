// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/electorate_witness.h"

#include <memory>

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

// Five nodes, of which the first three are the group.
struct ElectorateCase : testing::Test {
  Forge forge{5};
  ElectorateWitness witness{forge};

  ElectorateCase() {
    const auto three = std::make_shared<raft::Membership>(group(3));
    for (std::uint64_t id = 1; id <= 5; ++id) {
      Site& site = forge.node(id);
      site.durable.base.membership = site.written.base.membership = three;
      if (id <= 3) grow(site, {1}, "a");
    }
  }
  void appends(std::uint64_t id, const raft::Membership& next) {
    Site& site = forge.node(id);
    const raft::Effects effects{grow(site.written, {1}, next)};
    witness.saw(site, forge.leader(site, {1}), raft::Woken{}, effects);
  }
  static raft::Membership wanted() {
    std::vector<raft::Wanted> all;
    for (std::uint64_t id = 1; id <= 5; ++id) all.push_back({.id = {id}});
    return staged(group(3), all);
  }
};

TEST_F(ElectorateCase, a_group_that_grows_step_by_step_is_fine) {
  for (const raft::Membership& next : {wanted(), joined(wanted()), concluded(joined(wanted()))})
    for (std::uint64_t id = 1; id <= 3; ++id) appends(id, next);
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(ElectorateCase, two_replicas_that_could_be_elected_apart_are_seen) {
  appends(1, group(5));
  for (std::uint64_t id = 4; id <= 5; ++id) appends(id, group(5));
  EXPECT_EQ(forge.broken(), "I12");
}

TEST_F(ElectorateCase, those_whose_logs_have_more_would_not_agree) {
  for (std::uint64_t id = 1; id <= 2; ++id) {
    appends(id, wanted());
    appends(id, joined(wanted()));
  }
  appends(1, concluded(joined(wanted())));
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(ElectorateCase, another_life_of_a_member_does_not_count) {
  forge.node(5).incarnation = {999};
  appends(1, group(5));
  appends(4, group(5));
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(ElectorateCase, a_start_is_looked_at_too) {
  for (std::uint64_t id : {1U, 4U, 5U}) grow(forge.node(id).written, {2}, group(5));
  EXPECT_EQ(forge.broken(), "");
  witness.started(forge.node(1));
  EXPECT_EQ(forge.broken(), "I12");
}

}  // namespace
}  // namespace bowline::sim

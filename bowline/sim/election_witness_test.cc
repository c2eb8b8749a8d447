// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/election_witness.h"

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

struct ElectionCase : testing::Test {
  Forge forge{3};
  ElectionWitness witness{forge};

  void stands(std::uint64_t id, Term term) {
    Site& site = forge.node(id);
    site.written.hard = site.durable.hard = {term, site.id, site.incarnation};
    witness.saw(site, forge.follower(site, term), raft::Woken{}, {});
  }
  void grants(std::uint64_t id, NodeId to, Term term, bool pre = false) {
    raft::VoteReply reply{.pre = pre, .granted = true};
    witness.sent(forge.node(id), to, forge.message(forge.node(id), to, term, reply));
  }
  void wins(std::uint64_t id, Term term) {
    const Site& site = forge.node(id);
    witness.saw(site, forge.leader(site, term), raft::Woken{}, Forge::crowned(site.id, term));
  }
};

TEST_F(ElectionCase, a_leader_with_the_votes_of_a_quorum_is_one) {
  stands(1, {1});
  grants(2, {1}, {1});
  wins(1, {1});
  stands(2, {2});
  grants(3, {2}, {2});
  wins(2, {2});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(ElectionCase, two_leaders_of_one_term_are_seen) {
  stands(1, {1});
  stands(2, {1});
  for (const std::uint64_t candidate : {1, 2}) {
    grants(3, {candidate}, {1});
    wins(candidate, {1});
  }
  EXPECT_EQ(forge.broken(), "I1");
}

TEST_F(ElectionCase, a_leader_that_is_elected_again_to_its_term_is_seen) {
  stands(1, {1});
  grants(2, {1}, {1});
  wins(1, {1});
  wins(1, {1});
  EXPECT_EQ(forge.broken(), "I1");
}

TEST_F(ElectionCase, a_leader_with_votes_of_another_term_is_seen) {
  stands(1, {1});
  grants(2, {1}, {1});
  stands(1, {2});
  wins(1, {2});
  EXPECT_EQ(forge.broken(), "I26");
}

TEST_F(ElectionCase, a_promise_to_vote_is_no_vote) {
  stands(1, {1});
  grants(2, {1}, {1}, true);
  wins(1, {1});
  EXPECT_EQ(forge.broken(), "I26");
}

TEST_F(ElectionCase, the_vote_of_another_life_does_not_count) {
  stands(1, {1});
  forge.node(2).incarnation = {999};
  grants(2, {1}, {1});
  wins(1, {1});
  EXPECT_EQ(forge.broken(), "I26");
}

TEST_F(ElectionCase, a_term_that_nobody_stands_for_is_seen) {
  stands(1, {1});
  Site& site = forge.node(2);
  site.written.hard = {{2}, {}, {}};
  witness.saw(site, forge.follower(site, {2}), raft::Woken{}, {});
  EXPECT_EQ(forge.broken(), "I7");
}

}  // namespace
}  // namespace bowline::sim

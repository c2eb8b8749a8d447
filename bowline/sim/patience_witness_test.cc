// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/patience_witness.h"

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

struct PatienceCase : testing::Test {
  Forge forge{3};
  raft::Options options;
  PatienceWitness witness{forge, options};
  Site& site = forge.node(1);

  PatienceCase() {
    witness.started(site);
    // Only then does it no longer hurry.
    Mind mind = forge.follower(site, {1});
    mind.leader = {2};
    witness.saw(site, mind, raft::Woken{}, {});
    forge.wait(20 * options.election);
  }
  void step(const raft::Input& input, const raft::Effects& effects) {
    witness.saw(site, forge.follower(site, site.written.hard.term), input, effects);
  }
  void asks(Round campaign) {
    const raft::VoteRequest request{.campaign = campaign, .pre = true};
    step(raft::Woken{}, {raft::Send{{2}, forge.message(site, {2}, {1}, request)}});
  }
  raft::Input promise(Round campaign) {
    const raft::VoteReply reply{.campaign = campaign, .pre = true, .granted = true};
    return raft::Received{{2}, forge.message(forge.node(2), {1}, {1}, reply)};
  }
  raft::Effects stands(Term term) {
    site.written.hard = {term, site.id, site.incarnation};
    raft::Persist write;
    write.hard_state = site.written.hard;
    return {write};
  }
  void votes(Term term) {
    site.written.hard = {term, {3}, life_of({3})};
    raft::Persist write;
    write.hard_state = site.written.hard;
    step(raft::Woken{}, {write});
  }
};

TEST_F(PatienceCase, with_the_promises_of_a_quorum_one_may_stand) {
  asks({5});
  step(promise({5}), stands({2}));
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(PatienceCase, standing_without_asking_is_seen) {
  step(raft::Woken{}, stands({2}));
  EXPECT_EQ(forge.broken(), "I22");
}

TEST_F(PatienceCase, promises_of_another_round_do_not_count) {
  asks({5});
  asks({6});
  step(promise({5}), stands({2}));
  EXPECT_EQ(forge.broken(), "I22");
}

TEST_F(PatienceCase, the_leader_may_tell_one_to_stand) {
  step(raft::Received{{2}, forge.message(forge.node(2), {1}, {1}, raft::TimeoutNow{})},
       stands({2}));
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(PatienceCase, asking_right_after_a_vote_is_seen) {
  votes({2});
  forge.wait(options.election / 2);
  asks({5});
  EXPECT_EQ(forge.broken(), "I22");
}

TEST_F(PatienceCase, a_timeout_after_a_vote_one_may_ask) {
  votes({2});
  forge.wait(options.election);
  asks({5});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(PatienceCase, who_is_told_that_the_leader_is_gone_need_not_wait) {
  step(raft::Suspect{{2}}, {});
  votes({2});
  asks({5});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(PatienceCase, an_operator_who_forces_a_recovery_need_not_wait) {
  options.pre_vote = false;
  PatienceWitness impatient{forge, options};
  impatient.started(site);
  forge.wait(20 * options.election);
  const auto sees = [&](const raft::Input& input, const raft::Effects& effects) {
    impatient.saw(site, forge.follower(site, site.written.hard.term), input, effects);
  };
  site.written.hard = {{2}, {3}, life_of({3})};
  raft::Persist vote;
  vote.hard_state = site.written.hard;
  sees(raft::Woken{}, {vote});
  sees(raft::Recover{{}, {8}}, stands({3}));
  EXPECT_EQ(forge.broken(), "");
}

}  // namespace
}  // namespace bowline::sim

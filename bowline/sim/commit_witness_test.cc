// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/commit_witness.h"

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

struct CommitCase : testing::Test {
  Forge forge{3};
  std::shared_ptr<Committed> record = std::make_shared<Committed>();
  CommitWitness witness{forge, record};

  CommitCase() {
    for (std::uint64_t id = 1; id <= 3; ++id) witness.started(forge.node(id));
  }
  void everybody(Term term, const std::string& command) {
    for (std::uint64_t id = 1; id <= 3; ++id) {
      grow(forge.node(id), term, command);
      witness.persisted(forge.node(id), {});
    }
  }
  void leads(std::uint64_t id, Term term, Index commit) {
    witness.saw(forge.node(id), forge.leader(forge.node(id), term, commit), raft::Woken{}, {});
  }
  void follows(std::uint64_t id, Term term, Index commit, const raft::Effects& effects = {}) {
    witness.saw(forge.node(id), forge.follower(forge.node(id), term, commit), raft::Woken{},
                effects);
  }
};

TEST_F(CommitCase, what_a_quorum_has_may_be_committed_and_handed_out) {
  everybody({1}, "a");
  leads(1, {1}, {1});
  follows(2, {1}, {1}, {raft::Commit{{1}}});
  witness.started(forge.node(2));
  follows(2, {1}, {1}, {raft::Commit{{1}}});
  EXPECT_EQ(forge.broken(), "");
  EXPECT_EQ(record->last(), Index{1});
  EXPECT_EQ(record->find("a"), Index{1});
}

TEST_F(CommitCase, a_commit_that_goes_back_is_seen) {
  everybody({1}, "a");
  leads(1, {1}, {1});
  leads(1, {1}, {0});
  EXPECT_EQ(forge.broken(), "I6");
}

TEST_F(CommitCase, handing_out_more_than_is_committed_is_seen) {
  everybody({1}, "a");
  everybody({1}, "b");
  leads(1, {1}, {1});
  follows(2, {1}, {1}, {raft::Commit{{2}}});
  EXPECT_EQ(forge.broken(), "I6");
}

TEST_F(CommitCase, handing_out_the_same_twice_is_seen) {
  everybody({1}, "a");
  leads(1, {1}, {1});
  follows(2, {1}, {1}, {raft::Commit{{1}}});
  follows(2, {1}, {1}, {raft::Commit{{1}}});
  EXPECT_EQ(forge.broken(), "I6");
}

TEST_F(CommitCase, a_commit_past_the_log_is_seen) {
  everybody({1}, "a");
  leads(1, {1}, {1});
  follows(2, {1}, {2});
  EXPECT_EQ(forge.broken(), "I6");
}

TEST_F(CommitCase, a_follower_that_knows_more_than_any_leader_is_seen) {
  everybody({1}, "a");
  follows(2, {1}, {1});
  EXPECT_EQ(forge.broken(), "I5");
}

TEST_F(CommitCase, two_histories_are_seen) {
  grow(forge.node(1), {1}, "a");
  grow(forge.node(2), {1}, "a");
  grow(forge.node(3), {1}, "b");
  leads(1, {1}, {1});
  ASSERT_EQ(forge.broken(), "");
  follows(3, {1}, {1});
  EXPECT_EQ(forge.broken(), "I5");
}

TEST_F(CommitCase, a_leader_that_counts_what_is_only_on_its_way_to_disk_is_seen) {
  grow(forge.node(1).written, {1}, "a");
  grow(forge.node(2), {1}, "a");
  leads(1, {1}, {1});
  EXPECT_EQ(forge.broken(), "I10");
}

TEST_F(CommitCase, another_life_of_a_member_does_not_count) {
  grow(forge.node(1), {1}, "a");
  grow(forge.node(2), {1}, "a");
  forge.node(2).incarnation = {999};
  leads(1, {1}, {1});
  EXPECT_EQ(forge.broken(), "I10");
}

TEST_F(CommitCase, an_entry_of_an_old_term_is_not_committed_by_counting) {
  everybody({1}, "a");
  leads(1, {2}, {1});
  EXPECT_EQ(forge.broken(), "I10");
}

TEST_F(CommitCase, a_disk_that_loses_what_a_bare_quorum_had_is_seen) {
  grow(forge.node(1), {1}, "a");
  grow(forge.node(2), {1}, "a");
  leads(1, {1}, {1});
  cut(forge.node(2).durable, {0});
  witness.crashed(forge.node(2));
  EXPECT_EQ(forge.broken(), "I10");
}

TEST_F(CommitCase, a_disk_more_than_a_quorum_may_be_cut) {
  everybody({1}, "a");
  leads(1, {1}, {1});
  cut(forge.node(3).durable, {0});
  witness.persisted(forge.node(3), {});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(CommitCase, a_disk_that_was_lost_is_a_fault_within_the_budget) {
  grow(forge.node(1), {1}, "a");
  grow(forge.node(2), {1}, "a");
  witness.persisted(forge.node(2), {});
  leads(1, {1}, {1});
  forge.node(2).durable = forge.node(2).written = {};
  forge.node(2).incarnation = {999};
  witness.wiped(forge.node(2), life_of({2}));
  witness.started(forge.node(2));
  EXPECT_EQ(forge.broken(), "");
}

struct ForcedCase : CommitCase {
  ForcedCase() {
    everybody({1}, "a");
    for (const std::uint64_t id : {1, 3}) grow(forge.node(id), {1}, "b");
    leads(1, {1}, {2});
  }
  void force(std::uint64_t id) {
    Site& site = forge.node(id);
    witness.saw(site, forge.follower(site, {1}, {1}), raft::Recover{{}, {8}}, {});
    grow(site.durable, {2}, group(1));
    witness.forced(site, {8});
  }
};

TEST_F(ForcedCase, what_no_disk_is_left_of_may_be_given_up) {
  for (const std::uint64_t id : {1, 3}) cut(forge.node(id).durable, {1});
  force(2);
  EXPECT_EQ(forge.broken(), "");
  EXPECT_EQ(record->last(), Index{1});
  EXPECT_EQ(record->find("a"), Index{1});
  EXPECT_EQ(record->find("b"), Index{});
}

TEST_F(ForcedCase, what_another_disk_still_holds_is_not_given_up) {
  force(2);
  EXPECT_EQ(forge.broken(), "I5");
}

TEST_F(ForcedCase, all_that_the_survivor_has_stays) {
  force(3);
  EXPECT_EQ(forge.broken(), "");
  EXPECT_EQ(record->last(), Index{2});
  EXPECT_EQ(record->before({2}), Index{2});
}

}  // namespace
}  // namespace bowline::sim

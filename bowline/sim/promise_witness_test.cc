// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/promise_witness.h"

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

struct PromiseCase : testing::Test {
  Forge forge{3};
  PromiseWitness witness{forge};

  void disk(std::uint64_t id, raft::HardState hard) {
    Site& site = forge.node(id);
    site.written.hard = site.durable.hard = hard;
    witness.persisted(site, {});
  }
  void asks(std::uint64_t id, Term term, LogId last) {
    witness.sent(forge.node(id), {3},
                 forge.message(forge.node(id), {3}, term, raft::VoteRequest{.last = last}));
  }
  void grants(std::uint64_t id, NodeId to, Term term) {
    witness.sent(forge.node(id), to,
                 forge.message(forge.node(id), to, term, raft::VoteReply{.granted = true}));
  }
  void acknowledges(std::uint64_t id, NodeId to, Term term, Index match) {
    witness.sent(forge.node(id), to,
                 forge.message(forge.node(id), to, term,
                               raft::AppendReply{.matched = true, .match = match}));
  }
  // Node 2 came back with a blank disk, and its log names this life of it.
  Site& named_anew() {
    Site& site = forge.node(2);
    site.incarnation = {777};
    raft::Membership named = group(3);
    named.members[1].incarnation = {777};
    grow(site.written, {1}, named);
    return site;
  }
  void chooses_and_loses_its_name(Site& site) {
    raft::Persist write;
    write.hard_state = {{1}, {1}, life_of({1}), true};
    witness.saw(site, forge.follower(site, {1}), raft::Woken{}, {write});
    site.written.lines.clear();
  }
};

TEST_F(PromiseCase, what_is_on_disk_may_be_promised) {
  disk(1, {{1}, {1}, life_of({1})});
  grow(forge.node(1), {1}, "a");
  asks(1, {1}, {{1}, {1}});
  disk(2, {{1}, {1}, life_of({1})});
  grants(2, {1}, {1});
  grants(2, {1}, {1});
  grow(forge.node(2), {1}, "a");
  acknowledges(2, {1}, {1}, {1});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(PromiseCase, a_term_that_goes_back_is_seen) {
  disk(1, {{2}, {}, {}});
  disk(1, {{1}, {}, {}});
  EXPECT_EQ(forge.broken(), "I7");
}

TEST_F(PromiseCase, a_new_disk_begins_anew) {
  disk(1, {{2}, {}, {}});
  witness.wiped(forge.node(1), life_of({1}));
  disk(1, {{1}, {}, {}});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(PromiseCase, a_vote_that_changes_on_disk_is_seen) {
  disk(1, {{1}, {2}, life_of({2})});
  disk(1, {{1}, {3}, life_of({3})});
  EXPECT_EQ(forge.broken(), "I8");
}

TEST_F(PromiseCase, two_votes_in_one_term_are_seen_whatever_the_disk_says) {
  disk(1, {{1}, {2}, life_of({2})});
  grants(1, {2}, {1});
  disk(1, {{2}, {}, {}});
  ASSERT_EQ(forge.broken(), "");
  grants(1, {3}, {1});
  EXPECT_EQ(forge.broken(), "I8");
}

TEST_F(PromiseCase, a_blank_disk_that_votes_unnamed_is_seen) {
  Site& site = named_anew();
  disk(2, {{1}, {1}, life_of({1}), true});
  grants(2, {1}, {1});
  EXPECT_EQ(forge.broken(), "");
  site.written.lines.clear();
  grants(2, {1}, {1});
  EXPECT_EQ(forge.broken(), "I26");
}

TEST_F(PromiseCase, a_blank_disk_was_named_when_it_chose_its_vote) {
  Site& site = named_anew();
  disk(2, {{1}, {1}, life_of({1}), true});
  chooses_and_loses_its_name(site);
  grants(2, {1}, {1});
  EXPECT_EQ(forge.broken(), "");
  disk(2, {{2}, {1}, life_of({1}), true});
  grants(2, {1}, {2});
  EXPECT_EQ(forge.broken(), "I26");
}

TEST_F(PromiseCase, a_blank_disk_that_lost_its_name_in_a_crash_may_not_vote_again) {
  Site& site = named_anew();
  chooses_and_loses_its_name(site);
  witness.crashed(site);
  disk(2, {{1}, {1}, life_of({1}), true});
  grants(2, {1}, {1});
  EXPECT_EQ(forge.broken(), "I26");
}

TEST_F(PromiseCase, a_candidate_votes_for_itself) {
  disk(1, {{1}, {1}, life_of({1})});
  asks(1, {1}, {});
  disk(1, {{2}, {}, {}});
  grants(1, {3}, {1});
  EXPECT_EQ(forge.broken(), "I8");
}

TEST_F(PromiseCase, asking_for_votes_before_the_own_one_is_on_disk_is_seen) {
  asks(1, {1}, {});
  EXPECT_EQ(forge.broken(), "I9");
}

TEST_F(PromiseCase, asking_for_votes_with_a_log_that_is_not_on_disk_is_seen) {
  disk(1, {{1}, {1}, life_of({1})});
  grow(forge.node(1).written, {1}, "a");
  asks(1, {1}, {{1}, {1}});
  EXPECT_EQ(forge.broken(), "I9");
}

TEST_F(PromiseCase, a_vote_that_is_not_on_disk_is_seen) {
  disk(2, {{1}, {}, {}});
  grants(2, {1}, {1});
  EXPECT_EQ(forge.broken(), "I9");
}

TEST_F(PromiseCase, an_acknowledgement_before_the_sync_is_seen) {
  disk(2, {{1}, {}, {}});
  grow(forge.node(2).written, {1}, "a");
  acknowledges(2, {1}, {1}, {1});
  EXPECT_EQ(forge.broken(), "I9");
}

TEST_F(PromiseCase, an_acknowledgement_in_a_term_that_is_not_on_disk_is_seen) {
  grow(forge.node(2), {1}, "a");
  acknowledges(2, {1}, {1}, {1});
  EXPECT_EQ(forge.broken(), "I9");
}

TEST_F(PromiseCase, an_acknowledgement_of_another_log_is_seen) {
  disk(1, {{2}, {1}, life_of({1})});
  grow(forge.node(1), {2}, "a");
  witness.saw(forge.node(1), forge.leader(forge.node(1), {2}), raft::Woken{}, {});
  disk(2, {{2}, {1}, life_of({1})});
  grow(forge.node(2), {1}, "b");
  acknowledges(2, {1}, {2}, {1});
  EXPECT_EQ(forge.broken(), "I9");
}

TEST_F(PromiseCase, an_acknowledgement_that_is_taken_back_is_seen) {
  disk(2, {{1}, {}, {}});
  grow(forge.node(2), {1}, "a");
  acknowledges(2, {1}, {1}, {1});
  cut(forge.node(2).written, {0});
  raft::Persist write;
  write.cut_after = Index{0};
  witness.saw(forge.node(2), forge.follower(forge.node(2), {1}), raft::Woken{}, {write});
  EXPECT_EQ(forge.broken(), "I9");
}

TEST_F(PromiseCase, another_leader_may_overrule_what_was_acknowledged) {
  disk(2, {{1}, {}, {}});
  grow(forge.node(2), {1}, "a");
  acknowledges(2, {1}, {1}, {1});
  disk(2, {{2}, {}, {}});
  cut(forge.node(2).written, {0});
  raft::Persist write;
  write.cut_after = Index{0};
  witness.saw(forge.node(2), forge.follower(forge.node(2), {2}), raft::Woken{}, {write});
  EXPECT_EQ(forge.broken(), "");
}

}  // namespace
}  // namespace bowline::sim

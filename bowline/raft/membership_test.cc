// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/membership.h"

#include <algorithm>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"
#include "bowline/words/describe.h"

namespace bowline::raft {
namespace {

using enum Standing;

Member member(std::uint64_t id, Standing now = voter) {
  return {.id = {id}, .incarnation = {id}, .now = now, .goal = now};
}

Membership voters(std::uint64_t count) {
  Membership membership;
  for (std::uint64_t id = 1; id <= count; ++id) membership.members.push_back(member(id));
  return membership;
}

Wanted wanted(std::uint64_t id, Standing standing = voter) {
  return {.id = {id}, .standing = standing};
}

// ---- quorums, against the definition

// Bits of `who` are members; a set decides if it holds a majority of each half that is not empty.
bool decides(const Membership& membership, unsigned who) {
  std::map<bool, std::pair<int, int>> halves;  // outgoing: (of them in the set, all of them)
  for (std::size_t i = 0; i < membership.members.size(); ++i) {
    const int inside = who >> i & 1;
    if (membership.members[i].now == voter) {
      halves[false].first += inside;
      ++halves[false].second;
    }
    if (membership.members[i].outgoing) {
      halves[true].first += inside;
      ++halves[true].second;
    }
  }
  return std::ranges::all_of(
      halves, [](const auto& half) { return 2 * half.second.first > half.second.second; });
}

// Every way in which up to five incoming and five outgoing voters, and learners, can overlap.
std::vector<Membership> all_shapes() {
  std::vector<Membership> shapes;
  for (std::uint64_t incoming = 1; incoming <= 5; ++incoming) {
    for (std::uint64_t outgoing = 0; outgoing <= 5; ++outgoing) {
      for (std::uint64_t both = 0; both <= std::min(incoming, outgoing); ++both) {
        Membership shape;
        const std::uint64_t count = incoming + outgoing - both + 1;
        for (std::uint64_t id = 1; id <= count; ++id) {
          Member one = member(id, id <= incoming ? voter : none);
          one.outgoing = id > incoming - both && id <= incoming - both + outgoing;
          if (id == count) one.now = learner, one.outgoing = false;
          shape.members.push_back(one);
        }
        shapes.push_back(std::move(shape));
      }
    }
  }
  return shapes;
}

TEST(Membership, a_tally_is_won_exactly_by_a_majority_of_both_halves) {
  for (const Membership& shape : all_shapes()) {
    const unsigned everybody = (1U << shape.members.size()) - 1;
    Prng prng(shape.members.size());
    for (unsigned yes = 0; yes <= everybody; ++yes) {
      const unsigned no = static_cast<unsigned>(prng.next()) & everybody & ~yes;
      std::vector<Ballot> ballots;
      ballots.reserve(shape.members.size());
      for (std::size_t i = 0; i < shape.members.size(); ++i)
        ballots.push_back(yes >> i & 1 ? Ballot::yes : no >> i & 1 ? Ballot::no : Ballot::none);
      const Tally expected = decides(shape, yes)               ? Tally::won
                             : decides(shape, everybody & ~no) ? Tally::pending
                                                               : Tally::lost;
      ASSERT_EQ(tally(shape, ballots), expected) << text(shape) << " yes " << yes << " no " << no;
    }
  }
}

TEST(Membership, a_value_is_reached_exactly_if_those_who_reached_it_decide) {
  Prng prng(1);
  for (const Membership& shape : all_shapes()) {
    for (int round = 0; round < 200; ++round) {
      std::vector<std::uint64_t> values;
      values.reserve(shape.members.size());
      for (std::size_t i = 0; i < shape.members.size(); ++i) values.push_back(prng.below(6));
      std::uint64_t greatest = 0;
      for (const std::uint64_t value : values) {
        unsigned who = 0;
        for (std::size_t i = 0; i < values.size(); ++i)
          if (values[i] >= value) who |= 1U << i;
        if (decides(shape, who)) greatest = std::max(greatest, value);
      }
      ASSERT_EQ(reached_by_quorum(shape, values), greatest) << text(shape);
    }
  }
}

TEST(Membership, nobody_reaches_anything_where_nobody_votes) {
  const Membership learners{{}, {member(1, learner)}};
  const std::vector<std::uint64_t> values{9};
  EXPECT_EQ(reached_by_quorum(learners, values), 0U);
  EXPECT_EQ(reached_by_quorum(Membership{}, {}), 0U);
}

TEST(Membership, an_election_without_voters_cannot_be_won) {
  const Membership learners{{}, {member(1, learner)}};
  const std::vector<Ballot> yes{Ballot::yes};
  EXPECT_NE(tally(learners, yes), Tally::won);
}

// ---- the steps of a change

TEST(Membership, a_newcomer_learns_before_it_votes) {
  const std::vector<Wanted> target{wanted(1), wanted(2), wanted(3), wanted(4)};
  const Membership next = staged(voters(3), target);
  EXPECT_EQ(text(next), "{1 2 3 4?:learner->voter+}");
  EXPECT_FALSE(next.settled());
  EXPECT_FALSE(next.votes({4}));
  EXPECT_TRUE(needs_joint(next));
}

TEST(Membership, in_joint_consensus_both_halves_decide) {
  const std::vector<Wanted> target{wanted(4), wanted(1)};  // in any order
  const Membership next = joined(staged(voters(3), target));
  EXPECT_EQ(text(next), "{1 4?+ | leaving: 1 2 3}");
  EXPECT_TRUE(next.joint());
  EXPECT_TRUE(next.votes({2}));
  EXPECT_TRUE(next.votes({4}));
  EXPECT_EQ(next.voters(), 4U);
}

TEST(Membership, at_the_end_only_the_wanted_are_left) {
  const std::vector<Wanted> target{wanted(1), wanted(4, learner)};
  const Membership next = concluded(joined(staged(voters(3), target)));
  EXPECT_EQ(text(next), "{1 4?:learner}");
  EXPECT_TRUE(next.settled());
  EXPECT_FALSE(next.members[1].staged);
}

TEST(Membership, what_does_not_change_who_votes_needs_no_joint_consensus) {
  const std::vector<Wanted> target{wanted(1), wanted(2), wanted(3), wanted(4, learner)};
  const Membership next = staged(voters(3), target);
  EXPECT_FALSE(needs_joint(next));
  EXPECT_EQ(text(concluded(next)), "{1 2 3 4?:learner}");
}

TEST(Membership, a_change_to_what_is_already_there_is_settled_at_once) {
  const std::vector<Wanted> target{wanted(1), wanted(2), wanted(3)};
  EXPECT_TRUE(staged(voters(3), target).settled());
}

TEST(Membership, a_change_takes_over_priority_and_address) {
  std::vector<Wanted> target{wanted(1), wanted(2), wanted(3)};
  target[1].priority = 7;
  target[1].address = "there:1";
  target[1].metadata = "rack 4";
  const Membership next = staged(voters(3), target);
  EXPECT_EQ(next.find({2})->priority, 7);
  EXPECT_EQ(next.find({2})->address.view(), "there:1");
  EXPECT_EQ(next.find({2})->metadata.view(), "rack 4");
}

TEST(Membership, binding_names_one_life_of_a_member) {
  const Membership next = bound(voters(2), {2}, {77});
  EXPECT_EQ(next.find({2})->incarnation, Incarnation{77});
  EXPECT_EQ(next.find({1})->incarnation, Incarnation{1});
  EXPECT_EQ(bound(voters(2), {9}, {77}), voters(2));
}

TEST(Membership, a_cancel_while_newcomers_learn_sends_them_away) {
  const std::vector<Wanted> target{wanted(1), wanted(5)};
  EXPECT_EQ(cancelled(staged(voters(3), target)), voters(3));
}

TEST(Membership, a_cancel_in_joint_consensus_brings_the_old_half_back) {
  const std::vector<Wanted> target{wanted(1), wanted(5), wanted(2, learner)};
  EXPECT_EQ(cancelled(joined(staged(voters(3), target))), voters(3));
}

TEST(Membership, a_cancel_takes_a_promotion_back) {
  Membership before = voters(3);
  before.members.push_back(member(4, learner));
  const std::vector<Wanted> target{wanted(1), wanted(2), wanted(3), wanted(4)};
  EXPECT_EQ(cancelled(staged(before, target)), before);
  EXPECT_EQ(cancelled(joined(staged(before, target))), before);
}

// Each step of any change must leave sane members, and the voters of neighbouring steps must never
// be able to decide two things apart from each other.
class AnyChange : public testing::Test {
 protected:
  static std::vector<Wanted> any_target(Prng& prng) {
    std::vector<Wanted> target;
    for (std::uint64_t id = 1; id <= 6; ++id)
      if (prng.chance(60)) target.push_back(wanted(id, prng.chance(70) ? voter : learner));
    return target;
  }
  static bool can_split(const Membership& a, const Membership& b) {
    for (unsigned set = 0; set < 64; ++set)
      if (decides(over_six(a), set) && decides(over_six(b), 63 & ~set)) return true;
    return false;
  }
  static Membership over_six(const Membership& membership) {
    Membership all;
    for (std::uint64_t id = 1; id <= 6; ++id) {
      const Member* present = membership.find({id});
      all.members.push_back(present != nullptr ? *present : member(id, none));
    }
    return all;
  }
};

TEST_F(AnyChange, never_lets_two_quorums_decide_apart) {
  Prng prng(3);
  for (int i = 0; i < 1500; ++i) {
    const auto first = any_target(prng);
    const auto target = any_target(prng);
    if (!sane(first) || !sane(target)) continue;
    const Membership before = concluded(staged(Membership{}, first));
    const Membership staging = staged(before, target);
    const Membership joint = joined(staging);
    const Membership after = concluded(joint);
    SCOPED_TRACE(text(before) + " " + text(staging) + " " + text(joint) + " " + text(after));
    ASSERT_TRUE(sane(before) && sane(staging) && sane(joint) && sane(after));
    ASSERT_TRUE(sane(cancelled(staging)) && sane(cancelled(joint)));
    ASSERT_FALSE(can_split(before, staging));
    ASSERT_FALSE(can_split(staging, joint));
    ASSERT_FALSE(can_split(joint, after));
    ASSERT_FALSE(can_split(joint, cancelled(joint)));
    ASSERT_TRUE(needs_joint(staging) || !can_split(staging, concluded(staging)));
    for (const Wanted& one : target) ASSERT_EQ(after.find(one.id)->now, one.standing);
    ASSERT_EQ(after.members.size(), target.size());
    ASSERT_EQ(cancelled(staging).voters(), before.voters());
    ASSERT_EQ(cancelled(joint).voters(), before.voters());
  }
}

// ---- what is no membership

TEST(Membership, must_be_sorted_by_id_without_a_zero_or_a_double) {
  EXPECT_TRUE(sane(voters(3)));
  Membership swapped = voters(3);
  std::swap(swapped.members[0], swapped.members[2]);
  EXPECT_FALSE(sane(swapped));
  Membership twice = voters(3);
  twice.members[1] = twice.members[0];
  EXPECT_FALSE(sane(twice));
  Membership nobody = voters(3);
  nobody.members[0].id = {};
  EXPECT_FALSE(sane(nobody));
}

TEST(Membership, must_have_a_voter_now_and_at_the_end) {
  EXPECT_FALSE(sane(Membership{}));
  EXPECT_FALSE(sane(Membership{{}, {member(1, learner)}}));
  Membership leaving = voters(1);
  leaving.members[0].goal = none;
  EXPECT_FALSE(sane(leaving));
}

TEST(Membership, has_a_bounded_size) {
  EXPECT_TRUE(sane(voters(max_members)));
  EXPECT_FALSE(sane(voters(max_members + 1)));
  Membership wordy = voters(3);
  wordy.members[0].address = Text(std::string(4097, 'a'));
  EXPECT_FALSE(sane(wordy));
  wordy = voters(3);
  wordy.members[0].metadata = Text(std::string(4097, 'a'));
  EXPECT_FALSE(sane(wordy));
}

TEST(Membership, holds_nobody_who_is_neither_in_nor_leaving) {
  Membership membership = voters(2);
  membership.members[1].now = none;
  EXPECT_FALSE(sane(membership));
  membership.members[1].outgoing = true;
  EXPECT_TRUE(sane(membership));
}

TEST(Membership, a_target_names_each_node_once_and_at_least_one_voter) {
  const auto is_sane = [](const std::vector<Wanted>& target) { return sane(target); };
  EXPECT_TRUE(is_sane({wanted(2), wanted(1)}));
  EXPECT_FALSE(is_sane({}));
  EXPECT_FALSE(is_sane({wanted(1, learner)}));
  EXPECT_FALSE(is_sane({wanted(1), wanted(2), wanted(1)}));
  EXPECT_FALSE(is_sane({wanted(0), wanted(1)}));
  EXPECT_FALSE(is_sane({wanted(1), wanted(2, none)}));
  std::vector<Wanted> many;
  for (std::uint64_t id = 1; id <= max_members + 1; ++id) many.push_back(wanted(id));
  EXPECT_FALSE(is_sane(many));
  Wanted wordy = wanted(1);
  wordy.address = std::string(4097, 'a');
  EXPECT_FALSE(is_sane({wordy}));
}

TEST(Membership, priority_zero_bars_from_leading_unless_all_voters_have_it) {
  Membership group;
  for (const std::uint64_t id : {1U, 2U, 3U})
    group.members.push_back({.id = {id}, .priority = never_leads});
  EXPECT_FALSE(group.barred(group.members[0]));
  group.members[2].priority = 1;
  EXPECT_TRUE(group.barred(group.members[0]));
  EXPECT_FALSE(group.barred(group.members[2]));
  group.members[2].now = Standing::learner;  // it is not there to lead yet
  EXPECT_FALSE(group.barred(group.members[0]));
}

}  // namespace
}  // namespace bowline::raft

// SPDX-License-Identifier: Apache-2.0
#include "bowline/words/describe.h"

#include <chrono>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

namespace bowline::raft {
namespace {

LogId id(std::uint64_t term, std::uint64_t index) { return {{term}, {index}}; }

Message message(std::uint64_t term, Body body) { return {.term = {term}, .body = std::move(body)}; }

TEST(Describe, a_membership_in_the_middle_of_a_change) {
  Membership membership;
  membership.members.push_back({.id = {1}, .incarnation = {5}, .outgoing = true});
  membership.members.push_back({.id = {2}, .incarnation = {5}, .priority = 0});
  membership.members.push_back({.id = {3}, .now = Standing::learner, .staged = true});
  membership.members.push_back(
      {.id = {4}, .now = Standing::none, .goal = Standing::none, .outgoing = true});
  EXPECT_EQ(text(membership), "{1 2^0 3?:learner->voter+ | leaving: 1 4}");
}

TEST(Describe, a_write_in_the_order_in_which_it_takes_effect) {
  Persist persist{.seq = {3}};
  persist.hard_state = HardState{{2}, {1}, {}};
  persist.cut_after = Index{4};
  persist.entries = {{.id = id(2, 5)}, {.id = id(2, 6)}};
  EXPECT_EQ(text(Effect(persist)), "persist #3 term=2 vote=1 cut>4 [t2/5..t2/6]");
}

TEST(Describe, elections) {
  EXPECT_EQ(text(message(2, VoteRequest{.last = id(1, 4)})), "t2 vote? last=t1/4");
  EXPECT_EQ(text(message(2, VoteRequest{.last = id(1, 4), .pre = true})), "t2 pre-vote? last=t1/4");
  EXPECT_EQ(text(message(2, VoteReply{.granted = true})), "t2 vote yes");
  EXPECT_EQ(text(message(2, VoteReply{.pre = true, .denial = Denial::log_behind})),
            "t2 pre-vote no (log behind)");
}

TEST(Describe, replication) {
  const AppendRequest append{.prev = id(1, 4), .commit = {3}, .round = {9}, .entries = {}};
  EXPECT_EQ(text(message(2, append)), "t2 append prev=t1/4 commit=3 r9");
  EXPECT_EQ(text(Effect(SendSpan{{3}, message(2, append), {7}})),
            "span 3: t2 (t1/4..7] commit=3 r9");
  EXPECT_EQ(text(message(2, AppendReply{.matched = true, .match = {7}})), "t2 match=7");
  EXPECT_EQ(text(message(2, AppendReply{.full = true, .refused = {7}, .hint = id(1, 2)})),
            "t2 refused=7 hint=t1/2 full");
}

TEST(Describe, words_to_a_client) {
  EXPECT_EQ(text(Effect(Admitted{{7}, id(1, 2)})), "admit ticket 7 as t1/2");
  EXPECT_EQ(text(Effect(Refused{{7}, Refusal::not_leader, {2}})),
            "refuse ticket 7: not leader, ask 2");
  EXPECT_EQ(text(Effect(Decided{{7}, Outcome::overruled})), "decide ticket 7: overruled");
  EXPECT_EQ(text(Effect(ReadReady{{7}, {12}})), "ready ticket 7 at 12");
}

TEST(Describe, inputs) {
  EXPECT_EQ(text(Input(Reconfigure{
                {5}, {{.id = {1}}, {.id = {4}, .standing = Standing::learner}}, Index{9}})),
            "reconfigure ticket 5 to {1 4:learner} if @9");
  EXPECT_EQ(text(Input(Received{{2}, message(3, TimeoutNow{})})), "2: t3 timeout now");
}

TEST(Describe, who_is_in_the_way_of_a_commit) {
  WhyNotCommitted answer{.why = Stall::lacks_quorum, .own_disk_behind = true};
  answer.members = {{.id = {2},
                     .voter = true,
                     .missing = true,
                     .match = {4},
                     .mode = Progress::Mode::streaming,
                     .silent = std::chrono::milliseconds(1500)}};
  EXPECT_EQ(text(answer),
            "not committed: a quorum has not acknowledged it, own disk behind\n"
            "  2: match=4 streaming, silent 1500ms, missing");
}

TEST(Describe, what_is_in_the_way_of_leading) {
  const WhyNotLeading answer{.why = Hindrance::waiting_timeout,
                             .due = std::chrono::milliseconds(20),
                             .members = {{.id = {3}, .missing = true}}};
  EXPECT_EQ(text(answer),
            "does not lead: its timeout has not come, due in 20ms\n"
            "  3 (no voter): missing");
}

TEST(DescribeDeathTest, an_invariant_that_breaks_in_a_step_ends_with_the_state_of_the_replica) {
  Found found;
  found.hard_state.term = {7};
  found.base.membership = std::make_shared<const Membership>(Membership{.members = {{.id = {1}}}});
  Core core(std::make_shared<const Options>(), Identity{{1}, {}, {101}, 3}, std::move(found),
            Time{});
  Effects of_the_step_before;
  of_the_step_before.emplace_back(Commit{{1}});
  const PostMortem post_mortem(core);
  EXPECT_DEATH(core.step(Time{}, Woken{}, of_the_step_before),
               "core.cc:[0-9]+: ensure failed in .*\n"
               "the state of node 1 follower t7 .* members @0 \\{1\\?\\}");
}

}  // namespace
}  // namespace bowline::raft

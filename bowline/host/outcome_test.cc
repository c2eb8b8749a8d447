// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/outcome.h"

#include <cstdint>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace bowline::host {
namespace {

TEST(OutcomeText, has_a_sentence_of_its_own_for_each_refusal) {
  std::set<std::string> all;
  constexpr auto last = static_cast<std::uint8_t>(raft::Refusal::no_member);
  for (std::uint8_t value = 0; value <= last; ++value) {
    const std::string sentence = text(static_cast<raft::Refusal>(value));
    EXPECT_GT(sentence.size(), 10U);
    EXPECT_TRUE(all.insert(sentence).second) << sentence;
  }
  EXPECT_EQ(all.size(), 16U);
}

TEST(OutcomeText, names_the_leader_where_it_is_known) {
  EXPECT_EQ(text(Refused{raft::Refusal::not_leader, NodeId{3}}),
            "this node does not lead the group: node 3 does");
  EXPECT_EQ(text(Refused{raft::Refusal::not_leader, {}}),
            "this node does not lead the group, and knows of nobody who does");
  EXPECT_EQ(text(Refused{raft::Refusal::full, NodeId{3}}), text(raft::Refusal::full));
}

TEST(OutcomeText, tells_apart_what_became_of_a_proposal) {
  std::set<std::string> all;
  for (const Outcome& outcome : {Outcome(Applied{}), Outcome(Applied{{Term{2}, Index{7}}, "x"}),
                                 Outcome(Refused{}), Outcome(Overruled{}), Outcome(Unknown{})})
    EXPECT_TRUE(all.insert(text(outcome)).second) << text(outcome);
  EXPECT_EQ(text(Outcome(Applied{{Term{2}, Index{7}}, "x"})), "done, by entry 7");
  EXPECT_EQ(text(Outcome(Refused{raft::Refusal::too_large, {}})), text(raft::Refusal::too_large));
}

TEST(OutcomeText, says_what_became_of_a_read) {
  EXPECT_EQ(text(ReadOutcome(Ready{Index{7}})), "the state may be read, as of entry 7");
  EXPECT_EQ(text(ReadOutcome(Refused{raft::Refusal::too_old, {}})), text(raft::Refusal::too_old));
}

TEST(OutcomeError, has_the_sentence_and_a_fault_that_says_what_to_do) {
  const auto fault = [](raft::Refusal why) { return error_of({why, {}}).fault; };
  EXPECT_EQ(fault(raft::Refusal::stopped), Fault::not_found);
  EXPECT_EQ(fault(raft::Refusal::not_leader), Fault::unreachable);
  EXPECT_EQ(fault(raft::Refusal::full), Fault::full);
  EXPECT_EQ(fault(raft::Refusal::too_old), Fault::timeout);
  EXPECT_EQ(fault(raft::Refusal::too_large), Fault::invalid);
  const Refused refused{raft::Refusal::not_leader, NodeId{3}};
  EXPECT_EQ(error_of(refused).what, text(refused));
}

// Whoever asks in a loop ends it then.
TEST(OutcomeRetry, is_for_what_passes) {
  std::set<raft::Refusal> stay;
  constexpr auto last = static_cast<std::uint8_t>(raft::Refusal::no_member);
  for (std::uint8_t value = 0; value <= last; ++value) {
    const auto why = static_cast<raft::Refusal>(value);
    EXPECT_EQ(is_worth_asking_again(Outcome(Refused{why, {}})), is_worth_asking_again(why));
    EXPECT_EQ(is_worth_asking_again(error_of({why, {}})), is_worth_asking_again(why)) << text(why);
    if (!is_worth_asking_again(why)) stay.insert(why);
  }
  const std::set<raft::Refusal> forever{raft::Refusal::too_large,   raft::Refusal::wrong_term,
                                        raft::Refusal::no_change,   raft::Refusal::outdated,
                                        raft::Refusal::bad_members, raft::Refusal::bad_target,
                                        raft::Refusal::no_member,   raft::Refusal::stopped};
  EXPECT_EQ(stay, forever);
  EXPECT_TRUE(is_worth_asking_again(Outcome(Overruled{})));
  EXPECT_FALSE(is_worth_asking_again(Outcome(Unknown{})));
  EXPECT_FALSE(is_worth_asking_again(Outcome(Applied{})));
}

}  // namespace
}  // namespace bowline::host

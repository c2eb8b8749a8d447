// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/base/mutant.h"
#include "bowline/sim/exhaustive.h"

namespace bowline::sim::small {
namespace {

void expect_found(Bug bug, const Limits& limits, const char* words) {
  the_planted_bug = bug;
  const Report report = search(limits);
  the_planted_bug = Bug::none;
  EXPECT_NE(report.broken.find(words), std::string::npos) << report.broken;
  EXPECT_GT(report.story.size(), 1U);
}

TEST(Exhaustive, finds_a_vote_that_is_asked_for_too_early) {
  expect_found(Bug::p02_asks_for_votes_before_sync, {}, "before that is on its disk");
}

TEST(Exhaustive, finds_votes_for_a_shorter_log) {
  expect_found(Bug::p06_votes_for_shorter_log, {.pre_vote = false, .entries = 0, .crashes = 0},
               "which was committed in term 1");
}

TEST(Exhaustive, finds_that_entries_of_older_terms_are_committed_by_counting) {
  expect_found(Bug::p07_commits_old_terms_by_counting,
               {.start = Start::split, .pre_vote = false, .terms = 4, .entries = 0},
               "which was committed in term 3");
}

TEST(Exhaustive, finds_that_the_previous_term_is_not_compared) {
  expect_found(Bug::p08_no_previous_term_check,
               {.start = Start::split, .terms = 3, .entries = 0, .crashes = 0},
               "follows two different logs");
}

TEST(Exhaustive, finds_an_answer_before_the_sync) {
  expect_found(Bug::p14_acks_before_sync, {.crashes = 0}, "before it is on its disk");
}

}  // namespace
}  // namespace bowline::sim::small

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/exhaustive.h"

#include <gtest/gtest.h>

#include "bowline/sim/exhaustive_pool.h"

namespace bowline::sim::small {
namespace {

Limits limits(bool pre_vote, std::uint8_t terms, std::uint8_t entries, std::uint8_t crashes) {
  Limits limits;
  limits.pre_vote = pre_vote;
  limits.terms = terms;
  limits.entries = entries;
  limits.crashes = crashes;
  return limits;
}

void expect_nothing_found(const Report& report) {
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(report.broken, "");
  EXPECT_GT(report.states, 100U);
}

TEST(Exhaustive, one_term_and_one_entry_are_safe_in_every_state) {
  for (const bool pre_vote : {false, true}) expect_nothing_found(search(limits(pre_vote, 1, 1, 0)));
}

TEST(Exhaustive, two_terms_with_a_crash_are_safe_with_pooled_pasts) {
  for (const bool pre_vote : {false, true}) expect_nothing_found(prove(limits(pre_vote, 2, 0, 1)));
}

TEST(Exhaustive, two_terms_with_an_entry_are_safe_with_pooled_pasts) {
  std::uint64_t told = 0;
  Halfway last;
  const Report report = prove(limits(true, 2, 1, 0), [&](const Halfway& at) {
    EXPECT_GE(at.transitions, last.transitions + told_after);
    last = at;
    ++told;
  });
  expect_nothing_found(report);
  EXPECT_GT(told, 0U);
  EXPECT_LE(last.transitions, report.transitions);
  EXPECT_LE(last.states, report.states);
}

TEST(Exhaustive, two_more_terms_after_a_split_are_safe_with_pooled_pasts) {
  Limits split = limits(false, 4, 0, 0);
  split.start = Start::split;
  expect_nothing_found(prove(split));
}

TEST(Exhaustive, replicas_that_are_taken_for_the_same_do_the_same) {
  Limits compared = limits(false, 1, 1, 1);
  compared.check_merges = true;
  expect_nothing_found(prove(compared));
}

TEST(Exhaustive, what_is_pooled_only_adds_behaviours) {
  const Limits both = limits(false, 1, 1, 0);
  EXPECT_GE(prove(both).replicas, search(both).replicas);
}

}  // namespace
}  // namespace bowline::sim::small

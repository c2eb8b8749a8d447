// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/base/mutant.h"
#include "bowline/kv/differential.h"

// Compiled with the planted bugs inside: whoever compares with the model has to find each of them.
namespace bowline::kv {
namespace {

// How many seeds it takes; 0: none of them shows it.
std::uint64_t seeds_to_find(Bug bug) {
  constexpr std::uint64_t most = 300;
  the_planted_bug = bug;
  std::uint64_t found = 0;
  for (std::uint64_t seed = 1; seed <= most && found == 0; ++seed)
    if (!Differential(seed).run(400).empty()) found = seed;
  the_planted_bug = Bug::none;
  return found;
}

TEST(Mutants, none_is_found_where_none_is) { EXPECT_EQ(seeds_to_find(Bug::none), 0U); }

TEST(Mutants, each_is_found) {
  for (const Bug bug :
       {Bug::p44_lease_expires_by_an_old_leader, Bug::p45_watch_drops_when_slow,
        Bug::p46_compares_after_writes, Bug::p47_no_op_counts_as_revision,
        Bug::p81_watch_starts_late, Bug::p82_watch_told_twice, Bug::p83_watch_splits_a_revision,
        Bug::p84_watch_progress_too_early, Bug::p87_other_branch_is_begun}) {
    const std::uint64_t seeds = seeds_to_find(bug);
    EXPECT_GT(seeds, 0U) << "P" << static_cast<int>(bug);
    std::printf("P%d: seed %llu\n", static_cast<int>(bug), static_cast<unsigned long long>(seeds));
  }
}

}  // namespace
}  // namespace bowline::kv

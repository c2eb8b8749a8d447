// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>

#include <gtest/gtest.h>

#include "apps/sim/kv_play.h"
#include "bowline/base/mutant.h"
#include "bowline/sim/history.h"

// Compiled with the planted bugs inside: a few seeds of the world `kv` have to find each.
namespace bowline::apps {
namespace {

struct Planted {
  Bug bug;
  std::string_view expected;  // by which of these
};

// By which invariant it was found; empty: by none.
std::string found_by(Bug bug) {
  constexpr std::uint64_t most = 200;
  sim::Settings settings;
  settings.kv = true;
  the_planted_bug = bug;
  std::string invariant;
  for (std::uint64_t seed = 1; seed <= most && invariant.empty(); ++seed)
    if (const auto violation = sim::run_history(seed, settings).violation)
      invariant = violation->invariant;
  the_planted_bug = Bug::none;
  return invariant;
}

TEST(KvMutants, each_is_found) {
  enter_kv();
  constexpr std::array all{Planted{Bug::p17_place_apart_from_the_data, "I10 I13 I14 I21"},
                           Planted{Bug::p44_lease_expires_by_an_old_leader, "I17"},
                           Planted{Bug::p45_watch_drops_when_slow, "I16"},
                           Planted{Bug::p46_compares_after_writes, "I15 I23"},
                           Planted{Bug::p47_no_op_counts_as_revision, "I23"},
                           Planted{Bug::p81_watch_starts_late, "I16"},
                           Planted{Bug::p82_watch_told_twice, "I16"},
                           Planted{Bug::p83_watch_splits_a_revision, "I16"},
                           Planted{Bug::p84_watch_progress_too_early, "I16"},
                           Planted{Bug::p85_new_leader_forgets_checkpoints, "I17"},
                           Planted{Bug::p86_kept_alive_before_the_log_has_it, "I17"},
                           Planted{Bug::p87_other_branch_is_begun, "I15 I16 I23"},
                           Planted{Bug::p88_loads_the_revision_of_what_lives, "I13 I21"}};
  for (const Planted& one : all) {
    const std::string invariant = found_by(one.bug);
    EXPECT_FALSE(invariant.empty()) << "P" << static_cast<int>(one.bug);
    EXPECT_NE(one.expected.find(invariant), std::string_view::npos)
        << "P" << static_cast<int>(one.bug) << " is found by " << invariant;
  }
}

}  // namespace
}  // namespace bowline::apps

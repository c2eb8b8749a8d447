// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include <gtest/gtest.h>

#include "bowline/sim/cohort_load.h"
#include "bowline/sim/crash_sweep.h"
#include "bowline/sim/power_trial.h"
#include "bowline/sim/rot_sweep.h"

// A bounded share of each sweep: all of them take minutes (./dev sim --sweep).
namespace bowline::sim {
namespace {

TEST(CrashSweep, whatever_a_power_failure_leaves_a_node_starts_from_it_and_lacks_nothing) {
  for (const std::uint64_t nodes : {1, 3}) {
    CrashSweepEnd end;
    run(CrashSweep{.nodes = nodes, .subsets = 32, .part = {.limit = 25, .ticks = {}}}, end);
    ASSERT_EQ(end.wrong, "") << nodes << " nodes, point " << end.at << ", subset " << end.subset;
    EXPECT_GT(end.points, nodes * 500);
    EXPECT_EQ(end.states, 25U * 32U);
    EXPECT_GT(end.groups, 25U);
    EXPECT_EQ(end.lone, nodes == 1 ? 0U : 25U);
    EXPECT_GT(end.recrashes, 200U);
  }
}

TEST(CrashSweep, the_same_seed_meets_the_same_states) {
  CrashSweepEnd once;
  CrashSweepEnd twice;
  const CrashSweep sweep{.nodes = 3, .subsets = 16, .part = {.limit = 10, .ticks = {}}};
  run(sweep, once);
  run(sweep, twice);
  EXPECT_EQ(once.points, twice.points);
  EXPECT_EQ(once.torn, twice.torn);
  EXPECT_EQ(once.mended, twice.mended);
  EXPECT_EQ(once.recrashes, twice.recrashes);
}

TEST(SweepPart, parts_take_each_point_once_and_a_limit_takes_that_many) {
  constexpr std::uint64_t points = 1000;
  std::uint64_t limited = 0;
  for (std::uint64_t point = 1; point <= points; ++point) {
    std::uint64_t takers = 0;
    for (std::uint64_t part = 1; part <= 3; ++part)
      takers += SweepPart{.part = part, .parts = 3, .ticks = {}}.mine(point, points) ? 1 : 0;
    EXPECT_EQ(takers, 1U) << point;
    limited += SweepPart{.limit = 30, .ticks = {}}.mine(point, points) ? 1 : 0;
  }
  EXPECT_EQ(limited, 30U);
}

TEST(RotSweep, a_flipped_bit_is_noticed_and_mended_and_larger_damage_is_repaired) {
  RotSweepEnd end;
  run(RotSweep{.each_large = 400, .part = {.limit = 3000, .ticks = {}}}, end);
  ASSERT_EQ(end.wrong, "") << name(end.kind) << ", place " << end.at;
  EXPECT_EQ(end.covered + end.bare, 3000U);
  EXPECT_GT(end.covered, 1500U);
  EXPECT_EQ(end.detected, end.covered);
  EXPECT_EQ(end.of(Harm::flip, Cure::mended), end.covered);
  EXPECT_GT(end.late, 100U);
  EXPECT_GT(end.of(Harm::sectors, Cure::entries), 10U);
  EXPECT_GT(end.of(Harm::unreadable, Cure::entries), 10U);
  EXPECT_GT(end.of(Harm::misdirected, Cure::entries), 10U);
  EXPECT_GT(end.of(Harm::latent, Cure::entries), 10U);
  EXPECT_GT(end.of(Harm::latent, Cure::mended), 10U);
  EXPECT_GT(end.of(Harm::misdirected, Cure::snapshot) + end.of(Harm::sectors, Cure::snapshot) +
                end.of(Harm::unreadable, Cure::snapshot),
            0U);
}

TEST(PowerTrial, nothing_that_was_acknowledged_is_lost_when_the_power_of_all_fails) {
  for (const bool mishaps : {false, true}) {
    PowerTrialEnd end;
    run(PowerTrial{.failures = 500, .mishaps = mishaps, .part = {.ticks = {}}}, end);
    ASSERT_EQ(end.wrong, "") << "group " << end.at;
    EXPECT_EQ(end.failures, 500U);
    EXPECT_GT(end.acknowledged, 5000U);
    EXPECT_EQ(end.flips > 0, mishaps);
    EXPECT_EQ(end.stopped > 0, mishaps);
  }
}

// The sync of a directory fails now and then; what it was about is not durable then, and no later
// sync says so. The start may be refused, but nothing that counted as durable is missing.
TEST(Names, a_segment_whose_name_was_not_synced_does_not_take_durable_writes_along) {
  using namespace std::chrono_literals;
  std::uint64_t refused = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CohortOptions options = sweep_options(1);
    options.climate.of(Mishap::failed_sync) = 200'000;
    options.back_after = 5ms;
    Cohort cohort(options, seed);
    cohort.platter({1}).guard([](Mishap mishap, std::string_view file, Stretch) {
      return mishap != Mishap::failed_sync || file.empty();
    });
    cohort.start_all();
    CohortLoad load(cohort, seed, 1000);
    for (std::uint64_t i = 0; i < 10 && cohort.refused({1}).empty(); ++i) {
      const std::uint64_t goal = load.over() + 10;
      cohort.run_until(
          [&] {
            load.turn();
            return load.over() >= goal;
          },
          500ms);
      cohort.lose_power({1}, Loss::everything);
      cohort.start_all();
      cohort.run_until([&] { return cohort.open({1}) || !cohort.running({1}); }, 1s);
      ASSERT_EQ(cohort.wrong, "") << "seed " << seed;
    }
    refused += cohort.refused({1}).empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 30U);
}

}  // namespace
}  // namespace bowline::sim

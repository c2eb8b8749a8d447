// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/log_trial.h"

#include <gtest/gtest.h>

namespace bowline::sim {
namespace {

TEST(LogTrial, nothing_that_was_reported_durable_is_lost_and_nothing_else_is_found) {
  LogTrialEnd all;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const LogTrialEnd end = run(LogTrial{}, seed);
    ASSERT_EQ(end.wrong, "") << "seed " << seed;
    all.crashes += end.crashes;
    all.torn += end.torn;
    all.writes += end.writes;
    all.retired += end.retired;
    all.recycled += end.recycled;
    all.full += end.full;
    all.scrubbed += end.scrubbed;
  }
  EXPECT_GT(all.crashes, 2000U);
  EXPECT_GT(all.torn, 30U);
  EXPECT_GT(all.retired, 500U);
  EXPECT_GT(all.recycled, 100U);
  EXPECT_GT(all.full, 100U);
  EXPECT_GT(all.scrubbed, 30U);
  EXPECT_GT(all.writes, 15'000U);
}

}  // namespace
}  // namespace bowline::sim

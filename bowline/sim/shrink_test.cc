// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/shrink.h"

#include <optional>
#include <utility>

#include <gtest/gtest.h>

namespace bowline::sim {
namespace {

Verdict try_it(const Recorded& history, bool) { return judge(history); }

// The shortest of the first five that the bug breaks, none of which is short. What a seed draws
// changes with the world, so none is named.
Recorded some_broken(Bug bug) {
  std::optional<Recorded> shortest;
  std::uint64_t events = 0;
  for (std::uint64_t seed = 1, found = 0; seed <= 3000 && found < 5; ++seed) {
    Recorded history = recorded(seed, {}, bug);
    const Verdict verdict = judge(history);
    if (!verdict.broken() || verdict.events < 1000) continue;
    ++found;
    if (shortest && verdict.events >= events) continue;
    events = verdict.events;
    shortest = std::move(history);
  }
  return shortest ? *std::move(shortest) : recorded(1, {}, bug);
}

// Small, still the same broken promise, and nobody's fault but the bug's.
void expect_small(Bug bug, const std::string& invariant) {
  const Shrunk shrunk = shrink(some_broken(bug), try_it, {});
  ASSERT_EQ(shrunk.before.violation.invariant, invariant);
  EXPECT_TRUE(alike(shrunk.before.violation, shrunk.after.violation));
  EXPECT_LE(shrunk.size_after.troubles, 5U);
  EXPECT_LE(shrunk.size_after.operations, 5U);
  EXPECT_LT(shrunk.after.events * 3, shrunk.before.events);
  EXPECT_EQ(judge(shrunk.history).hash, shrunk.history.hash);
  Recorded mended = shrunk.history;
  mended.bug = Bug::none;
  EXPECT_FALSE(judge(mended).broken());
}

TEST(Shrink, a_forgotten_vote_takes_few_troubles) {
  expect_small(Bug::p04_vote_forgotten_at_restart, "I8");
}

TEST(Shrink, an_early_acknowledgement_takes_no_weather) {
  expect_small(Bug::p14_acks_before_sync, "I9");
}

TEST(Shrink, a_history_that_breaks_nothing_is_left_alone) {
  const Shrunk shrunk = shrink(recorded(3, {}), try_it, {});
  EXPECT_FALSE(shrunk.before.broken());
  EXPECT_EQ(shrunk.runs, 0U);
}

TEST(Shrink, stops_when_told) {
  const Shrunk shrunk = shrink(some_broken(Bug::p14_acks_before_sync), try_it, {.most_runs = 5});
  EXPECT_LE(shrunk.runs, 6U);
  EXPECT_TRUE(shrunk.stopped);
}

}  // namespace
}  // namespace bowline::sim

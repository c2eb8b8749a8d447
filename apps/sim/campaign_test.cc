// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/campaign.h"

#include <chrono>
#include <string_view>

#include <gtest/gtest.h>

#include "apps/sim/report.h"

// Whether a campaign passes. One that saw nothing finds nothing, and must not be believed.
namespace bowline::apps {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view too_little = "too little";

Tally ten_good_seeds() {
  Tally tally;
  tally.seeds = tally.wanted = 10;
  tally.least = wanted_least;
  return tally;
}

bool says_so(const Tally& tally) { return report(tally, {.world = "cores"}).contains(too_little); }

TEST(Campaign, passes_if_each_seed_saw_enough) {
  EXPECT_TRUE(passed(ten_good_seeds()));
  EXPECT_FALSE(says_so(ten_good_seeds()));
  EXPECT_EQ(wanted_least.virtual_seconds, 60);
  EXPECT_EQ(wanted_least.troubles, 20U);
  EXPECT_EQ(wanted_least.operations, 200U);
}

TEST(Campaign, fails_and_says_why_if_too_little_happened_in_a_seed) {
  Tally brief = ten_good_seeds();
  brief.least.virtual_seconds -= 0.1;
  Tally calm = ten_good_seeds();
  --calm.least.troubles;
  Tally idle = ten_good_seeds();
  --idle.least.operations;
  for (Tally* tally : {&brief, &calm, &idle}) {
    EXPECT_FALSE(passed(*tally));
    EXPECT_TRUE(says_so(*tally)) << report(*tally, {.world = "cores"});
    EXPECT_TRUE(json(*tally, {.world = "cores"}).contains("\"passed\": false"));
    tally->is_short = true;  // nobody asked for more
    EXPECT_TRUE(passed(*tally));
    EXPECT_FALSE(says_so(*tally));
  }
}

TEST(Campaign, fails_if_a_seed_failed_or_is_missing_or_if_many_are_excused) {
  Tally broken = ten_good_seeds();
  broken.failures.push_back({7, "I9", "something"});
  EXPECT_FALSE(passed(broken));
  Tally missing = ten_good_seeds();
  --missing.seeds;
  EXPECT_FALSE(passed(missing));
  Tally excused = ten_good_seeds();
  excused.excuses[1] = 4;  // says nothing, of however few
  EXPECT_TRUE(passed(excused));
  excused.excuses[1] = 5;
  EXPECT_FALSE(passed(excused));
  excused.seeds = excused.wanted = 500;  // one in a hundred
  EXPECT_TRUE(passed(excused));
}

TEST(Campaign, fails_and_says_why_if_leaders_come_late_in_more_than_one_of_a_hundred) {
  constexpr std::string_view too_late = "too late";
  Tally tally = ten_good_seeds();
  tally.leader_after.assign(198, 1.0);
  tally.leader_after.resize(200, 4.1);
  EXPECT_TRUE(passed(tally));
  EXPECT_FALSE(report(tally, {.world = "cores"}).contains(too_late));
  tally.leader_after.resize(203, 4.1);
  EXPECT_FALSE(passed(tally));
  EXPECT_TRUE(report(tally, {.world = "cores"}).contains(too_late));
  tally.leader_after.assign(99, 4.1);  // of so few one cannot say
  EXPECT_TRUE(passed(tally));
}

// The least of all seeds is taken, and the weather of a minute is enough.
TEST(Campaign, judges_by_what_its_seeds_saw) {
  Work work{.first = 1, .count = 4, .twice = false, .settings = {}};
  work.settings.weather = 60s;
  const Tally whole = run_campaign(work, {.processes = 2});
  EXPECT_EQ(whole.seeds, 4U);
  EXPECT_FALSE(whole.is_short);
  EXPECT_TRUE(passed(whole)) << report(whole, {.world = "cores"});
  EXPECT_LE(4 * whole.least.operations, sum(whole.counters.acts_begun));
  EXPECT_LE(4 * whole.least.troubles, sum(whole.counters.troubles_begun));
  EXPECT_LE(4 * whole.least.virtual_seconds, whole.virtual_seconds);

  work.settings.weather = 2s;
  Tally brief = run_campaign(work, {.processes = 2});
  EXPECT_TRUE(brief.is_short);
  EXPECT_TRUE(passed(brief)) << report(brief, {.world = "cores"});
  brief.is_short = false;  // as if a minute had been asked for
  EXPECT_FALSE(passed(brief));
}

}  // namespace
}  // namespace bowline::apps

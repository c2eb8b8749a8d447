// SPDX-License-Identifier: Apache-2.0
#include "bowline/dash/recent.h"

#include <gtest/gtest.h>

namespace bowline::dash {
namespace {

using namespace std::chrono_literals;

TEST(Recent, one_look_says_nothing_and_two_say_what_came_between) {
  Recent recent;
  Totals totals;
  totals.calls = 1000;
  EXPECT_FALSE(recent.note(Time{5s}, totals));
  EXPECT_FALSE(recent.note(Time{5s + 100ms}, totals)) << "too soon to say";
  totals.calls = 1400;
  totals.reads = 100;
  totals.writes = 50;
  const auto rates = recent.note(Time{7s}, totals);
  ASSERT_TRUE(rates);
  EXPECT_DOUBLE_EQ(rates->over_s, 2);
  EXPECT_DOUBLE_EQ(rates->calls_per_s, 200);
  EXPECT_DOUBLE_EQ(rates->reads_per_s, 50);
  EXPECT_DOUBLE_EQ(rates->writes_per_s, 25);
  EXPECT_EQ(rates->whole.count, 0U);
}

TEST(Recent, latencies_are_those_of_late_and_not_those_of_all_time) {
  Recent recent;
  Totals totals;
  totals.whole.add(80'000'000, 1000);  // a bad hour, long ago, and a good one
  totals.whole.add(100'000, 1000);
  EXPECT_FALSE(recent.note(Time{1s}, totals));
  totals.whole.add(1'000'000, 98);
  totals.whole.add(9'000'000, 2);
  totals.durable.add(500'000, 100);
  const auto rates = recent.note(Time{2s}, totals);
  ASSERT_TRUE(rates);
  EXPECT_EQ(rates->whole.count, 100U);
  EXPECT_NEAR(rates->whole.p50_ms, 1, 1.0 / 32 + 0.001);
  EXPECT_NEAR(rates->whole.p99_ms, 9, 9.0 / 32 + 0.001);
  EXPECT_NEAR(rates->durable.p99_ms, 0.5, 0.5 / 32 + 0.001);
}

TEST(Recent, the_window_moves_and_a_long_silence_begins_anew) {
  Recent recent;
  Totals totals;
  for (int second = 0; second <= 30; ++second) {
    totals.calls += second < 15 ? 1000 : 10;
    const auto rates = recent.note(Time{std::chrono::seconds(second)}, totals);
    if (second == 30) {
      ASSERT_TRUE(rates);
      EXPECT_GE(rates->over_s, 9.9);
      EXPECT_LE(rates->over_s, 11.1);
      EXPECT_DOUBLE_EQ(rates->calls_per_s, 10);
    }
  }
  EXPECT_FALSE(recent.note(Time{100s}, totals)) << "nobody has looked for 70 s";
  EXPECT_TRUE(recent.note(Time{101s}, totals));
}

TEST(Recent, whoever_asks_often_does_not_shorten_what_it_is_about) {
  Recent recent;
  Totals totals;
  std::optional<Rates> rates;
  for (int tenth = 0; tenth <= 100; ++tenth) {
    totals.writes += 1;
    rates = recent.note(Time{std::chrono::milliseconds(100 * tenth)}, totals);
  }
  ASSERT_TRUE(rates);
  EXPECT_DOUBLE_EQ(rates->over_s, 10);
  EXPECT_DOUBLE_EQ(rates->writes_per_s, 10);
  EXPECT_LE(recent.remembers(), 12U);
}

}  // namespace
}  // namespace bowline::dash

// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/freshness.h"

#include <chrono>

#include <gtest/gtest.h>

namespace bowline::host {
namespace {

using namespace std::chrono_literals;

constexpr Time begin{10s};

TEST(Freshness, is_not_known_before_anybody_asked) {
  Freshness freshness;
  EXPECT_EQ(freshness.age(Index{5}, begin, 50), std::nullopt);
}

TEST(Freshness, counts_from_when_it_was_asked_for) {
  Freshness freshness;
  freshness.proved(begin, Index{5});
  const auto age = freshness.age(Index{5}, begin + 200ms, 0);
  ASSERT_TRUE(age.has_value());
  EXPECT_GE(*age, 200ms);
  EXPECT_LT(*age, 201ms);
}

TEST(Freshness, a_clock_may_have_run_too_slow) {
  Freshness freshness;
  freshness.proved(begin, Index{5});
  EXPECT_GE(*freshness.age(Index{5}, begin + 190ms, 50), 200ms);
}

TEST(Freshness, what_is_not_applied_yet_proves_nothing_and_takes_nothing_away) {
  Freshness freshness;
  freshness.proved(begin, Index{5});
  EXPECT_EQ(freshness.age(Index{4}, begin, 0), std::nullopt);
  ASSERT_TRUE(freshness.age(Index{5}, begin, 0).has_value());
  freshness.proved(begin + 1s, Index{9});
  EXPECT_GE(*freshness.age(Index{8}, begin + 1s, 0), 1s);
  EXPECT_LT(*freshness.age(Index{9}, begin + 1s, 0), 1ms);
}

TEST(Freshness, an_answer_that_comes_late_is_no_newer_for_that) {
  Freshness freshness;
  freshness.proved(begin + 1s, Index{5});
  freshness.proved(begin, Index{4});
  EXPECT_LT(*freshness.age(Index{9}, begin + 1s, 0), 1ms);
}

}  // namespace
}  // namespace bowline::host

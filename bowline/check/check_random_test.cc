// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/check/against_log.h"
#include "bowline/check/describe.h"
#include "bowline/check/linearizable.h"
#include "bowline/check/random_history.h"

// The checkers against histories that nobody has thought of, and against trying all orders.
namespace bowline::check {
namespace {

std::string lines(const History& history) {
  std::string words;
  for (std::size_t i = 0; i < history.size(); ++i) words += describe(history[i], i) + "\n";
  return words;
}

TEST(RandomHistories, of_a_map_that_is_right_are_accepted) {
  Prng prng(1);
  for (int i = 0; i < 5000; ++i) {
    const RandomHistory shape{.operations = 1 + prng.below(60),
                              .clients = 1 + prng.below(8),
                              .keys = 1 + prng.below(3),
                              .unknown_percent = prng.below(25)};
    const History history = random_history(prng, shape);
    const Verdict search = linearizable(history);
    ASSERT_TRUE(search.good()) << search.why << lines(history);
    const Verdict log = against_log(history);
    ASSERT_TRUE(log.good()) << log.why << lines(history);
  }
}

TEST(RandomHistories, that_were_spoiled_are_judged_as_by_trying_all_orders) {
  Prng prng(2);
  int wrong = 0;
  for (int i = 0; i < 20'000; ++i) {
    History history = random_history(
        prng,
        {.operations = 1 + prng.below(7), .clients = 1 + prng.below(5), .unknown_percent = 20});
    for (std::uint64_t spoils = prng.below(3); spoils < 3; ++spoils) spoil(prng, history);
    const bool right = is_linearizable_by_force(history);
    const Verdict verdict = linearizable(history);
    ASSERT_NE(verdict.ruling, Ruling::unknown);
    ASSERT_EQ(verdict.good(), right) << verdict.why << lines(history);
    wrong += right ? 0 : 1;
  }
  EXPECT_GT(wrong, 5000);
  EXPECT_LT(wrong, 15'000);
}

// The log is one order. If it is good, there is an order.
TEST(RandomHistories, that_agree_with_their_log_are_linearizable) {
  Prng prng(3);
  int agreed = 0, wrong = 0;
  for (int i = 0; i < 20'000; ++i) {
    History history = random_history(
        prng,
        {.operations = 1 + prng.below(7), .clients = 1 + prng.below(5), .unknown_percent = 20});
    spoil(prng, history);
    const bool right = is_linearizable_by_force(history);
    const bool agrees = against_log(history).good();
    ASSERT_TRUE(right || !agrees) << lines(history);
    agreed += agrees ? 1 : 0;
    wrong += right ? 0 : 1;
  }
  EXPECT_GT(agreed, 2000);
  EXPECT_GT(wrong, 2000);
}

// What is shown as the shortest prefix fails, and no shorter one does.
TEST(RandomHistories, fail_first_at_the_operation_that_is_shown) {
  Prng prng(4);
  int shown = 0;
  for (int i = 0; i < 5000; ++i) {
    History history = random_history(prng, {.operations = 7, .clients = 3, .unknown_percent = 10});
    spoil(prng, history);
    const Verdict verdict = linearizable(history);
    if (verdict.good()) continue;
    ASSERT_FALSE(verdict.at_fault.empty());
    const std::uint64_t end = history.at(verdict.at_fault.front()).ended;
    const auto until = [&](std::uint64_t moment) {
      History part;
      for (Operation operation : history) {
        if (operation.called > moment) continue;
        if (operation.fate == Fate::done && operation.ended > moment)
          operation.fate = Fate::unknown;
        part.push_back(std::move(operation));
      }
      return is_linearizable_by_force(part);
    };
    ASSERT_FALSE(until(end)) << verdict.why << lines(history);
    ASSERT_TRUE(end == 0 || until(end - 1)) << verdict.why << lines(history);
    ++shown;
  }
  EXPECT_GT(shown, 500);
}

TEST(RandomHistories, that_are_long_take_few_steps) {
  Prng prng(5);
  const History history =
      random_history(prng, {.operations = 20'000, .clients = 10, .keys = 10, .unknown_percent = 1});
  const Verdict verdict = linearizable(history);
  EXPECT_TRUE(verdict.good()) << verdict.why;
  EXPECT_LT(verdict.steps, 2'000'000U);
  EXPECT_TRUE(against_log(history).good());
}

}  // namespace
}  // namespace bowline::check

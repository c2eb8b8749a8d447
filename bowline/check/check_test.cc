// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/check/against_log.h"
#include "bowline/check/history_lines.h"
#include "bowline/check/linearizable.h"

namespace bowline::check {
namespace {

TEST(Linearizable, nothing_at_all_is) {
  EXPECT_TRUE(linearizable({}).good());
  EXPECT_TRUE(against_log({}).good());
}

TEST(Linearizable, what_ends_when_another_begins_may_be_behind_it) {
  EXPECT_TRUE(linearizable(history_of("1 put x a = 1 0-5\n 2 get x = absent 5-6")).good());
  EXPECT_FALSE(linearizable(history_of("1 put x a = 1 0-4\n 2 get x = absent 5-6")).good());
}

TEST(Linearizable, an_unknown_one_may_take_effect_long_after_or_never) {
  EXPECT_TRUE(linearizable(history_of("1 put x a = ? 0-\n 2 get x = absent 50-60\n"
                                      "2 get x = a:1 70-80"))
                  .good());
  EXPECT_TRUE(linearizable(history_of("1 put x a = ? 0-\n 2 get x = absent 50-60")).good());
}

TEST(Linearizable, what_was_done_without_an_answer_counts_as_done) {
  EXPECT_FALSE(linearizable(history_of("1 put x a = done 0-1\n 2 get x = absent 2-3")).good());
  EXPECT_TRUE(linearizable(history_of("1 put x a = done 0-1\n 2 get x = a:1 2-3")).good());
}

// Twenty that are not known, in all orders, would be more than anybody could try.
TEST(Linearizable, many_unknown_ones_are_no_burden_where_versions_tell) {
  std::string lines;
  for (int i = 0; i < 20; ++i) lines += "1 put x u" + std::to_string(i) + " = ? 0-\n";
  for (int i = 1; i <= 200; ++i) {
    const std::string when = std::to_string(10 * i) + "-" + std::to_string(10 * i + 5);
    lines += "2 append x a = " + std::to_string(i) + " " + when + "\n";
  }
  lines += "3 get x = z:200 5000-5001\n";
  const Verdict verdict = linearizable(history_of(lines));
  EXPECT_EQ(verdict.ruling, Ruling::not_linearizable);
  EXPECT_LT(verdict.steps, 20'000U);
}

TEST(Linearizable, a_budget_that_is_too_small_decides_nothing_and_says_so) {
  const History history = history_of("1 put x a = 1 0-9\n 2 put x b = 2 0-9\n 3 get x = b:2 10-11");
  const Verdict verdict = linearizable(history, {.steps = 2});
  EXPECT_EQ(verdict.ruling, Ruling::unknown);
  EXPECT_FALSE(verdict.good());
  EXPECT_NE(verdict.why.find("within 2 steps"), std::string::npos);
  EXPECT_TRUE(linearizable(history).good());
}

TEST(Linearizable, a_key_that_fails_counts_more_than_one_that_is_not_decided) {
  std::string lines = "1 get z = b:7 0-1\n";
  for (int i = 0; i < 12; ++i) lines += "2 put a v" + std::to_string(i) + " = done 0-99\n";
  lines += "3 get a = none:12 100-101\n";
  EXPECT_EQ(linearizable(history_of(lines)).ruling, Ruling::not_linearizable);
}

TEST(Linearizable, shows_the_shortest_prefix_that_fails) {
  const Verdict verdict = linearizable(
      history_of("1 put x a = 1 0-1\n 1 put x b = 2 2-3\n 3 append x c = 3 4-9\n"
                 "2 get x = a:1 5-6\n 4 put x later = 4 20-21\n 4 put y other = 1 0-1\n"));
  EXPECT_EQ(verdict.why,
            "key x is not linearizable. The shortest prefix has 4 operations; with them this fits "
            "nowhere:\n"
            "    #3 client 2: get x -> \"a\" version 1 [5, 6]\n"
            "  one order of the others, after which the key is \"b\" version 2:\n"
            "    #0 client 1: put x \"a\" -> version 1 [0, 1]\n"
            "    #1 client 1: put x \"b\" -> version 2 [2, 3]\n"
            "  at the same time, or not ended:\n"
            "    #2 client 3: append x \"c\" -> unknown [4, ...\n");
  EXPECT_EQ(verdict.at_fault, (std::vector<std::size_t>{3, 2}));
}

TEST(AgainstLog, shows_who_wrote_what_should_have_been_read) {
  const Verdict verdict =
      against_log(history_of("1 put x a = 1 0-1 @4\n 1 put x b = 2 2-3 @6\n 2 get x = a:1 5-6 @6"));
  EXPECT_EQ(verdict.why,
            "the first of these has the wrong answer:\n"
            "    #2 client 2: get x -> \"a\" version 1 [5, 6] at 6\n"
            "    #1 client 1: put x \"b\" -> version 2 [2, 3] at 6\n"
            "  the key was \"b\" version 2 there\n");
}

TEST(AgainstLog, an_unknown_one_without_a_place_never_happened) {
  EXPECT_FALSE(against_log(history_of("1 put x a = ? 0-\n 2 get x = a:1 5-6 @1")).good());
  EXPECT_TRUE(against_log(history_of("1 put x a = ? 0- @1\n 2 get x = a:1 5-6 @1")).good());
}

TEST(AgainstLog, bytes_that_cannot_be_printed_are_not) {
  History history = history_of("1 put x a = refused 0-1 @1");
  history[0].value = "\x1b[2J";
  EXPECT_NE(against_log(history).why.find("\"?[2J\""), std::string::npos);
}

}  // namespace
}  // namespace bowline::check

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/history_file.h"

#include <gtest/gtest.h>

namespace bowline::sim {
namespace {

Recorded drawn(std::uint64_t seed) {
  Recorded history = recorded(seed, {.weather = std::chrono::seconds(5)});
  history.breaks = {"I9", "first\nsecond"};
  return history;
}

TEST(HistoryFile, recorded_draws_are_the_same_history) {
  for (std::uint64_t seed = 1; seed < 10; ++seed) {
    Recorded history = drawn(seed);
    const Verdict first = judge(history);
    history.draws = first.draws;
    const auto read = parse_history(text(history));
    ASSERT_TRUE(read.has_value()) << read.error();
    EXPECT_EQ(text(*read), text(history));
    EXPECT_EQ(judge(*read).hash, first.hash) << seed;
  }
}

TEST(HistoryFile, damage_is_refused_with_its_line) {
  const std::string good = text(drawn(1));
  ASSERT_TRUE(parse_history(good).has_value());
  EXPECT_TRUE(parse_history("").error().starts_with("line 1: "));
  EXPECT_TRUE(parse_history("bowline history 2\n").error().starts_with("line 1: "));
  EXPECT_NE(parse_history(good + "weather fine\n").error().find("nothing may follow"),
            std::string::npos);
  EXPECT_FALSE(parse_history(good.substr(0, good.size() - 4)).has_value());
  std::string many = good;
  many.replace(many.find("members="), 9, "members=99");
  EXPECT_TRUE(parse_history(many).error().starts_with("line 4: "));
}

// A file that was cut anywhere is refused, and nothing crashes.
TEST(HistoryFile, a_part_of_a_file_is_refused) {
  const std::string good = text(drawn(2));
  for (std::size_t size = 0; size + 4 < good.size(); size += 37)
    EXPECT_FALSE(parse_history(good.substr(0, size)).has_value()) << size;
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/story.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/history.h"

namespace bowline::sim {
namespace {

using Lines = std::vector<std::string>;

Lines told(const StoryRange& range) {
  const Settings settings{.nodes = 3, .weather = Duration(2'000'000'000)};
  Decisions decisions(7);
  const Plan plan = draw_plan(decisions, settings);
  std::optional<Story> story;
  run_plan(plan, settings, decisions, [&](const Court& court) {
    story.emplace(court, plan, range);
    return std::vector<Witness*>{&*story};
  });
  return {story->lines().begin(), story->lines().end()};
}

// `   1.234567  +  f  [L]  f    ` before the words.
bool has_head(const std::string& line) {
  return line.size() > 24 && line[4] == '.' && line.find_first_of("fLCSpx.", 17) < line.size() &&
         std::ranges::all_of(line.substr(5, 6), [](char c) { return c >= '0' && c <= '9'; });
}

TEST(Story, every_line_has_its_time_even_of_a_text_of_several) {
  const Lines lines = told({});
  for (const std::string& line : lines) EXPECT_TRUE(has_head(line)) << line;
  for (const std::string& line : lines) EXPECT_FALSE(line.contains('\n')) << line;
  const auto leader = std::ranges::find_if(lines, [](const std::string& line) {
    return line.contains(" leader t") && line.contains(" log=");
  });
  ASSERT_LT(leader - lines.begin(), std::ssize(lines) - 2);
  const std::string& peer = *(leader + 1);
  const std::size_t column = leader->find(" leader t") - 1;  // of the number of the node
  EXPECT_EQ(peer.substr(0, 24), leader->substr(0, 24));
  EXPECT_EQ(peer.find(": ", 24), column + 3) << peer;
  EXPECT_TRUE(peer.contains(" match=")) << peer;
}

TEST(Story, the_lines_before_the_end_are_as_many_as_were_asked_for) {
  const Lines all = told({});
  const Lines none_but_one = told({.last = 1});
  const Lines few = told({.last = 20});
  EXPECT_EQ(few.size(), none_but_one.size() + 19);
  EXPECT_EQ(few, Lines(all.end() - std::ssize(few), all.end()));
}

}  // namespace
}  // namespace bowline::sim

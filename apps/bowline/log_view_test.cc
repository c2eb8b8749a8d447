// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/log_view.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::apps {
namespace {

const std::string of_one =
    "time=2026-11-21T10:00:00.001Z level=info node=1 topic=node what=opened segments=2\n"
    "time=2026-11-21T10:00:00.100Z level=info node=1 topic=election group=7 term=3 what=leads\n"
    "time=2026-11-21T10:00:01.000Z level=warning node=1 topic=peer peer=3 what=gone\n";
const std::string of_two =
    R"({"time":"2026-11-21T10:00:00.050Z","level":"info","node":2,"topic":"peer","peer":1,)"
    R"("what":"connected"})"
    "\n"
    "panic: something else\n"
    R"({"time":"2026-11-21T10:00:00.100Z", "level":"info","node":2,"topic":"election","group":7,)"
    R"("term":3,"peer":1,"what":"follows"})"
    "\n"
    R"({"time":"2026-11-21T10:00:02.000Z","level":"error","node":2,"topic":"group","group":8,)"
    R"("what":"saw what cannot be, and stopped","evidence":"a \"quote\"\u001b[31m"})"
    "\n";

std::string shown(const LogView& view) { return lay_out(merge({of_one, of_two}).lines, view); }

TEST(LogView, two_nodes_side_by_side) {
  const LogLines all = merge({of_one, of_two});
  EXPECT_EQ(all.others, 1U);
  LogView view;
  view.width = 74;
  EXPECT_EQ(shown(view),
            "time          node 1                         node 2\n"
            "10:00:00.001  opened segments=2\n"
            "10:00:00.050                                 connected peer=1\n"
            "10:00:00.100  g7 leads term=3\n"
            "10:00:00.100                                 g7 follows term=3 peer=1\n"
            "10:00:01.000  warning: gone peer=3\n"
            "10:00:02.000                                 g8 error: saw what cannot be,\n"
            "                                             and stopped evidence=a\n"
            "                                             \"quote\"\\u001b[31m\n");
}

TEST(LogView, only_what_is_asked_for) {
  LogView view;
  view.width = 60;
  view.topics = {"election"};
  view.groups = {7};
  EXPECT_EQ(shown(view),
            "time          node 1                  node 2\n"
            "10:00:00.100  g7 leads term=3\n"
            "10:00:00.100                          g7 follows term=3\n"
            "                                      peer=1\n");
  view.groups = {9};
  EXPECT_EQ(shown(view), "nothing to show\n");
  view.topics.clear();
  EXPECT_NE(shown(view).find("opened"), std::string::npos) << "what is of the node stays";
}

TEST(LogView, colours_say_the_topic) {
  LogView view;
  view.colour = true;
  const std::string text = shown(view);
  EXPECT_NE(text.find("\x1b[33mg7 leads term=3\x1b[0m\n"), std::string::npos);
  EXPECT_NE(text.find("\x1b[1;31mg8 error"), std::string::npos);
}

TEST(LogView, narrow_columns_stay_readable) {
  LogView view;
  view.width = 5;
  EXPECT_NE(shown(view).find("g7 leads term=3\n"), std::string::npos);
}

TEST(LogLine, of_anybody) {
  for (const char* text :
       {"", "x", "{", "{}", "{\"time\"", "time=1 node=1", "time=1 topic=a node=x",
        "time=\"1 node=1 topic=a", "= = =", "{\"node\":1,}", "node=1 topic=a"})
    EXPECT_FALSE(log_line(text).has_value()) << text;
  const std::optional<LogLine> line = log_line("time=t node=1 topic=a what=\"b \\\" c\" d=\x07");
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->what, "b \" c");
  EXPECT_EQ(lay_out({*line}, {}).find('\x07'), std::string::npos);
}

}  // namespace
}  // namespace bowline::apps

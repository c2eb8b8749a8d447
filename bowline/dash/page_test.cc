// SPDX-License-Identifier: Apache-2.0
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "bowline/dash/files.h"

// What of the page can be seen without a browser. ./dev page looks at it with one.
namespace bowline::dash {
namespace {

std::set<std::string> all(const std::string& text, const char* pattern) {
  std::set<std::string> found;
  const std::regex wanted(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), wanted), end; at != end; ++at)
    found.insert((*at)[1]);
  return found;
}

TEST(Page, it_asks_for_nothing_from_elsewhere_and_has_nothing_that_the_policy_forbids) {
  const std::string html(page_html);
  for (const std::string& target : all(html, "(?:href|src)=\"([^\"]*)\""))
    EXPECT_TRUE(target.starts_with("/") && !target.starts_with("//")) << target;
  EXPECT_TRUE(all(html, "<script([^>]*)>") ==
              std::set<std::string>{" src=\"/dash/page.js\" defer"});
  EXPECT_TRUE(all(html, "( on[a-z]+=| style=|<style)").empty());
  for (const std::string& text : {std::string(page_css), std::string(page_js)})
    EXPECT_TRUE(all(text, "(https?://[a-z]|url\\(|@import|import )").empty());
  const std::string js(page_js);
  EXPECT_TRUE(all(js, "(innerHTML|outerHTML|insertAdjacentHTML|document\\.write|eval\\()").empty())
      << "what members are called would become a part of the page";
  EXPECT_TRUE(all(js, "fetch\\('([^']*)'") == std::set<std::string>{"/v1/status"});
}

TEST(Page, every_place_that_the_script_writes_to_is_there) {
  const std::string html(page_html);
  const std::set<std::string> ids = all(html, " id=\"([^\"]*)\"");
  for (const char* pattern : {"\\bat\\('([^']*)'\\)", "\\bput\\('([^']*)'"})
    for (const std::string& id : all(std::string(page_js), pattern))
      EXPECT_TRUE(ids.contains(id)) << id;
}

TEST(Page, who_does_not_see_it_can_follow_it) {
  const std::string html(page_html);
  EXPECT_TRUE(html.contains("<html lang=\"en\">"));
  EXPECT_TRUE(html.contains("<main>") && html.contains("<h1>") && html.contains("<caption>"));
  EXPECT_TRUE(html.contains("role=\"status\""));
  EXPECT_TRUE(html.contains("role=\"img\" aria-label="));
  EXPECT_TRUE(html.contains("name=\"viewport\""));
  EXPECT_FALSE(html.contains("user-scalable"));
  EXPECT_TRUE(all(html, "<th( )?>").empty()) << "a head says what it is the head of";
  for (const std::string& section : all(html, "aria-labelledby=\"([^\"]*)\""))
    EXPECT_TRUE(html.contains("id=\"" + section + "\"")) << section;
  EXPECT_TRUE(page_css.contains("prefers-color-scheme: dark"));
}

}  // namespace
}  // namespace bowline::dash

// SPDX-License-Identifier: Apache-2.0
#include "bowline/dash/json.h"

#include <string>

#include <gtest/gtest.h>

#include "bowline/base/utf8.h"

namespace bowline::dash {
namespace {

TEST(Json, an_object_has_its_values_in_their_order) {
  EXPECT_EQ(Object().done(), "{}");
  EXPECT_EQ(Object()
                .text("a", "b")
                .number("n", 18'446'744'073'709'551'615U)
                .real("r", 1.5)
                .flag("f", false)
                .json("o", Object().flag("t", true).done())
                .done(),
            R"({"a":"b","n":18446744073709551615,"r":1.500,"f":false,"o":{"t":true}})");
}

TEST(Json, what_could_end_a_text_a_line_or_a_script_is_escaped) {
  EXPECT_EQ(in_quotes("plain"), "\"plain\"");
  EXPECT_EQ(in_quotes("a\"b\\c\nd"), R"("a\u0022b\u005cc\u000ad")");
  EXPECT_EQ(in_quotes("</script>&"), R"("\u003c/script\u003e\u0026")");
  EXPECT_EQ(in_quotes(std::string_view("\0\x7f", 2)), R"("\u0000\u007f")");
}

TEST(Json, letters_of_any_script_stay_and_what_is_none_is_replaced) {
  EXPECT_EQ(in_quotes("Bögen 結び 🪢"), "\"Bögen 結び 🪢\"");
  EXPECT_EQ(in_quotes("a\xff"
                      "b"),
            "\"a\\ufffdb\"");
  EXPECT_TRUE(is_utf8("Bögen 🪢"));
  EXPECT_FALSE(is_utf8("a\xff"));
  EXPECT_EQ(in_quotes("\xc3"), "\"\\ufffd\"");                        // cut off
  EXPECT_EQ(in_quotes("\xc0\x80"), "\"\\ufffd\\ufffd\"");             // a longer way to write 0
  EXPECT_EQ(in_quotes("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");  // half of a pair
  EXPECT_EQ(in_quotes("\xe0\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\"");  // too long again
  EXPECT_EQ(in_quotes("\xf4\x90\x80\x80").find('\xf4'), std::string::npos);  // beyond the last
}

TEST(Json, only_one_whole_object_passes_for_one) {
  for (const char* good : {"{}", R"({"a":[1,{"b":"}]\""}]})", R"({"a":"\\"})"})
    EXPECT_TRUE(is_object(good, 100)) << good;
  for (const char* bad : {"", "[]", "{", "{}}", "{} ", " {}", "{]", R"({"a)", R"({"a\"})", "{}{}",
                          "{\"a\":\n1}", "{[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", "null"})
    EXPECT_FALSE(is_object(bad, 100)) << bad;
  EXPECT_FALSE(is_object("{   }", 4));
}

}  // namespace
}  // namespace bowline::dash

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/deeds.h"

#include <string>

#include <gtest/gtest.h>

#include "bowline/sim/notebook.h"

namespace bowline::sim {
namespace {

LogId at(std::uint64_t index) { return {{1}, {index}}; }

TEST(Deeds, a_call_is_done_at_one_place_by_all_nodes) {
  Deeds deeds;
  EXPECT_EQ(deeds.did(at(5), "call 1"), "");
  EXPECT_EQ(deeds.did(at(5), "call 1"), "");  // by another node
  EXPECT_EQ(deeds.did(at(7), "call 1"), "'call 1' is done at 7, and was done at 5");
  EXPECT_EQ(deeds.find("call 1"), Index{5});
}

TEST(Deeds, other_commands_may_be_alike) {
  Deeds deeds;
  EXPECT_EQ(deeds.did(at(5), "x"), "");
  EXPECT_EQ(deeds.did(at(7), "x"), "");
}

TEST(Deeds, what_was_called_done_was_done) {
  Deeds deeds;
  deeds.did(at(5), "call 1");
  EXPECT_EQ(deeds.called_done("call 1"), "");
  EXPECT_EQ(deeds.called_done("call 2"), "'call 2' was called done, and no machine did it");
}

TEST(Deeds, what_was_called_void_is_not_done_before_or_after) {
  Deeds deeds;
  deeds.did(at(5), "call 1");
  EXPECT_EQ(deeds.called_void("call 1"), "'call 1' was called void, and is done");
  EXPECT_EQ(deeds.called_void("call 2"), "");
  EXPECT_EQ(deeds.did(at(6), "call 2"), "'call 2' was called void, and is done at 6");
}

TEST(Deeds, one_entry_leads_to_one_state) {
  Deeds deeds;
  EXPECT_EQ(deeds.stood(at(5), 11), "");
  EXPECT_EQ(deeds.stood(at(5), 11), "");
  EXPECT_EQ(deeds.stood(at(6), 12), "");
  EXPECT_EQ(deeds.stood(at(5), 12), "another state after entry 5 than a machine had before");
}

// Of as many commands as it takes for one to be about that key.
std::string of_key(std::uint64_t key, std::string command) {
  while (Notebook::key_of(command) != key) command += '.';
  return command;
}

TEST(Deeds, a_read_finds_what_was_written_last_before) {
  Deeds deeds;
  const std::string one = of_key(3, "one"), two = of_key(3, "two");
  EXPECT_EQ(deeds.read(3, Index{4}, ""), "");
  EXPECT_NE(deeds.read(3, Index{4}, one), "");
  deeds.did(at(5), one);
  deeds.did(at(6), of_key(4, "other"));
  deeds.did(at(7), two);
  EXPECT_EQ(deeds.read(3, Index{4}, ""), "");
  EXPECT_EQ(deeds.read(3, Index{6}, one), "");
  EXPECT_NE(deeds.read(3, Index{6}, two), "");
  EXPECT_EQ(deeds.read(3, Index{7}, two), "");
  EXPECT_EQ(deeds.read(3, Index{7}, one),
            "key 3 is '" + one + "', and after entry 7 it was '" + two + "'");
  EXPECT_NE(deeds.read(3, Index{7}, ""), "");
  deeds.keep([](LogId id) { return id.index <= Index{6}; });
  EXPECT_EQ(deeds.read(3, Index{7}, one), "");
}

TEST(Deeds, what_another_log_took_the_place_of_never_happened) {
  Deeds deeds;
  deeds.did(at(5), "call 1");
  deeds.did(at(7), "call 2");
  deeds.stood(at(7), 1);
  deeds.called_void("call 3");
  deeds.keep([](LogId id) { return id.index <= Index{5}; });
  EXPECT_EQ(deeds.did(at(8), "call 2"), "");
  EXPECT_EQ(deeds.stood(at(7), 2), "");
  EXPECT_EQ(deeds.did(at(9), "call 3"), "");
  EXPECT_NE(deeds.did(at(9), "call 1"), "");
}

}  // namespace
}  // namespace bowline::sim

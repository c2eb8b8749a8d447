// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/deeds.h"

#include <gtest/gtest.h>

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

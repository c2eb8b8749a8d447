// SPDX-License-Identifier: Apache-2.0
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/check/against_log.h"
#include "bowline/check/history_lines.h"
#include "bowline/check/linearizable.h"

// Histories that no map can have, each beside one that differs in a word and is right.
namespace bowline::check {
namespace {

struct Planted {
  const char* name;
  const char* wrong;
  const char* right;
  bool search_sees = true;
  bool log_sees = true;
};

const std::vector<Planted> planted = {
    {"stale_read", "1 put x a = 1 0-1 @1\n 1 put x b = 2 2-3 @2\n 2 get x = a:1 4-5 @2",
     "1 put x a = 1 0-1 @1\n 1 put x b = 2 2-3 @2\n 2 get x = b:2 4-5 @2"},
    {"stale_read_at_an_old_place",
     "1 put x a = 1 0-1 @1\n 1 put x b = 2 2-3 @2\n 2 get x = a:1 4-5 @1",
     "1 put x a = 1 0-1 @1\n 1 put x b = 2 2-5 @2\n 2 get x = a:1 4-5 @1"},
    {"lost_update", "1 put x a = 1 0-1 @1\n 1 put_at x 1 b = 2 2-5 @2\n 2 put_at x 1 c = 2 2-5 @3",
     "1 put x a = 1 0-1 @1\n 1 put_at x 1 b = 2 2-5 @2\n 2 put_at x 1 c = mismatch:2 2-5 @3"},
    {"value_never_written", "1 put x a = 1 0-1 @1\n 2 get x = z:1 2-3 @1",
     "1 put x a = 1 0-1 @1\n 2 get x = a:1 2-3 @1"},
    {"reads_go_back",
     "1 put x a = 1 0-1 @1\n 1 put x b = 2 2-20 @2\n 2 get x = b:2 5-6 @2\n 3 get x = a:1 7-8 @1",
     "1 put x a = 1 0-1 @1\n 1 put x b = 2 2-20 @2\n 2 get x = a:1 5-6 @1\n 3 get x = b:2 7-8 @2"},
    {"done_and_lost", "1 put x a = 1 0-1\n 2 get x = absent 2-3 @0",
     "1 put x a = ? 0-\n 2 get x = absent 2-3 @0"},
    {"applied_twice", "1 append x a = 1 0-1 @1 @3\n 2 get x = aa:2 2-3 @3",
     "1 append x a = 1 0-1 @1\n 2 get x = a:1 2-3 @3"},
    {"applied_twice_and_never_read", "1 append x a = 1 0-1 @1 @3", "1 append x a = 1 0-1 @1",
     false},
    {"refused_and_applied", "1 put x a = refused 0-1 @1\n 2 get x = a:1 2-3 @1",
     "1 put x a = refused 0-1\n 2 get x = absent 2-3 @1"},
    {"refused_and_applied_and_never_read", "1 put x a = refused 0-1 @1", "1 put x a = refused 0-1",
     false},
    {"version_comes_again_after_a_remove",
     "1 put x a = 1 0-1 @1\n 1 remove x = 1 2-3 @2\n 1 put x b = 1 4-5 @3",
     "1 put x a = 1 0-1 @1\n 1 remove x = 1 2-3 @2\n 1 put x b = 2 4-5 @3"},
    {"version_left_out", "1 put x a = 1 0-1 @1\n 1 put x b = 3 2-3 @2",
     "1 put x a = 1 0-1 @1\n 1 put x b = 3 2-3 @3\n 2 put x c = ? 0- @2"},
    {"version_of_two_writes", "1 put x a = 1 0-5 @1\n 2 put x b = 1 0-5 @2",
     "1 put x a = 1 0-5 @1\n 2 put x b = 2 0-5 @2"},
    {"order_of_the_log_against_real_time", "1 put x a = 1 0-1 @2\n 1 put y b = 1 2-3 @1",
     "1 put x a = 1 0-2 @2\n 1 put y b = 1 2-3 @1", false},
    {"unknown_taking_effect_twice",
     "1 append x a = ? 0- @1\n 2 get x = a:1 5-6 @1\n 2 get x = aa:2 7-8 @2",
     "1 append x a = ? 0- @1\n 2 get x = a:1 5-6 @1\n 2 get x = a:1 7-8 @2"},
    {"unknown_that_was_and_then_was_not",
     "1 put x a = ? 0- @1\n 2 get x = a:1 5-6 @1\n 2 get x = absent 7-8 @2",
     "1 put x a = ? 0- @1\n 2 get x = absent 5-6 @0\n 2 get x = a:1 7-8 @2"},
    {"unknown_taking_effect_before_its_call", "2 get x = a:1 0-1 @1\n 1 put x a = ? 5- @1",
     "2 get x = a:1 0-6 @1\n 1 put x a = ? 5- @1"},
    {"read_of_what_is_written_later", "2 get x = a:1 0-1 @1\n 1 put x a = 1 2-3 @1",
     "2 get x = a:1 0-3 @1\n 1 put x a = 1 2-3 @1"},
    {"appends_in_the_wrong_order",
     "1 append x a = 1 0-1 @1\n 1 append x b = 2 2-3 @2\n 2 get x = ba:2 4-5 @2",
     "1 append x a = 1 0-1 @1\n 1 append x b = 2 2-3 @2\n 2 get x = ab:2 4-5 @2"},
    {"answers_against_what_is_read",
     "1 append x a = 1 0-9 @1\n 2 append x b = 2 0-9 @2\n 3 get x = ba:2 10-11 @2",
     "1 append x a = 2 0-9 @2\n 2 append x b = 1 0-9 @1\n 3 get x = ba:2 10-11 @2"},
    {"two_readers_who_saw_two_orders",
     "1 put x a = done 0-9 @1\n 2 put x b = done 0-9 @2\n 3 get x = a:1 1-2 @1\n"
     "3 get x = b:2 3-4 @2\n 4 get x = b:1 1-2 @1\n 4 get x = a:2 3-4 @2",
     "1 put x a = done 0-9 @1\n 2 put x b = done 0-9 @2\n 3 get x = a:1 1-2 @1\n"
     "3 get x = b:2 3-4 @2\n 4 get x = a:1 1-2 @1\n 4 get x = b:2 3-4 @2"},
    {"put_at_an_old_version",
     "1 put x a = 1 0-1 @1\n 1 put x b = 2 2-3 @2\n 2 put_at x 1 c = 3 4-5 @3",
     "1 put x a = 1 0-1 @1\n 1 put x b = 2 2-3 @2\n 2 put_at x 2 c = 3 4-5 @3"},
    {"mismatch_where_it_matched", "1 put x a = 1 0-1 @1\n 2 put_at x 1 b = mismatch:1 2-3 @2",
     "1 put x a = 1 0-1 @1\n 2 put_at x 1 b = 2 2-3 @2"},
    {"mismatch_and_written_all_the_same",
     "1 put x a = 1 0-1 @1\n 2 put_at x 0 b = mismatch:1 2-3 @2\n 3 get x = b:2 4-5 @2",
     "1 put x a = 1 0-1 @1\n 2 put_at x 0 b = mismatch:1 2-3 @2\n 3 get x = a:1 4-5 @2"},
    {"made_although_it_was_there", "1 put x a = 1 0-1 @1\n 2 put_at x 0 b = 2 2-3 @2",
     "1 put x a = 1 0-1 @1\n 2 put_at x 0 b = mismatch:1 2-3 @2"},
    {"removed_and_back", "1 put x a = 1 0-1 @1\n 1 remove x = 1 2-3 @2\n 2 get x = a:1 4-5 @2",
     "1 put x a = 1 0-1 @1\n 1 remove x = 1 2-3 @2\n 2 get x = absent 4-5 @2"},
    {"removed_by_two", "1 put x a = 1 0-1 @1\n 1 remove x = 1 2-5 @2\n 2 remove x = 1 2-5 @3",
     "1 put x a = 1 0-1 @1\n 1 remove x = 1 2-5 @2\n 2 remove x = absent 2-5 @3"},
    {"append_to_what_was_removed",
     "1 put x a = 1 0-1 @1\n 1 remove x = 1 2-3 @2\n 1 append x b = 2 4-5 @3\n 2 get x = ab:2 6-7 "
     "@3",
     "1 put x a = 1 0-1 @1\n 1 remove x = 1 2-3 @2\n 1 append x b = 2 4-5 @3\n 2 get x = b:2 6-7 "
     "@3"},
    {"wrong_version_of_the_right_value", "1 put x a = 1 0-1 @1\n 2 get x = a:2 2-3 @1",
     "1 put x a = 1 0-1 @1\n 2 get x = a:1 2-3 @1"},
    {"the_last_writes_lost_with_a_leader",
     "1 append x a = 1 0-1 @1\n 1 append x b = 2 2-3 @2\n 1 append x c = 3 4-5 @3\n"
     "2 get x = ab:2 6-7 @3\n 2 append x d = 3 8-9 @4",
     "1 append x a = 1 0-1 @1\n 1 append x b = 2 2-3 @2\n 1 append x c = ? 4-\n"
     "2 get x = ab:2 6-7 @3\n 2 append x d = 3 8-9 @4"},
    {"two_writes_in_one_place", "1 put x a = 1 0-5 @1\n 2 put y b = 1 0-5 @1",
     "1 put x a = 1 0-5 @1\n 2 put y b = 1 0-5 @2", false},
    {"value_of_another_key", "1 put x a = 1 0-1 @1\n 1 put y b = 1 2-3 @2\n 2 get x = b:1 4-5 @2",
     "1 put x a = 1 0-1 @1\n 1 put y b = 1 2-3 @2\n 2 get x = a:1 4-5 @2"},
};

class PlantedHistory : public testing::TestWithParam<Planted> {};

TEST_P(PlantedHistory, is_rejected) {
  const History history = history_of(GetParam().wrong);
  const Verdict search = linearizable(history);
  EXPECT_EQ(search.good(), !GetParam().search_sees);
  EXPECT_EQ(search.why.empty(), search.good());
  EXPECT_EQ(search.at_fault.empty(), search.good());
  const Verdict log = against_log(history);
  EXPECT_EQ(log.good(), !GetParam().log_sees);
  EXPECT_EQ(log.why.empty(), log.good());
  EXPECT_EQ(log.at_fault.empty(), log.good());
}

TEST_P(PlantedHistory, has_a_neighbour_that_is_right) {
  const History history = history_of(GetParam().right);
  const Verdict search = linearizable(history);
  EXPECT_TRUE(search.good()) << search.why;
  const Verdict log = against_log(history);
  EXPECT_TRUE(log.good()) << log.why;
}

INSTANTIATE_TEST_SUITE_P(Check, PlantedHistory, testing::ValuesIn(planted),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace bowline::check

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/sim/course_seeds.h"
#include "bowline/sim/margins.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

TEST(CourseGroup, says_if_there_is_no_leader_where_there_should_be_one) {
  CourseGroup group({.nodes = 3});
  group.check_one_leader();
  EXPECT_EQ(group.fault(), "");
  group.disconnect(NodeId{1});
  group.disconnect(NodeId{2});
  group.check_one_leader();
  EXPECT_EQ(group.fault(), "expected one leader, got none");
}

TEST(CourseGroup, says_if_somebody_leads_who_should_not) {
  CourseGroup group({.nodes = 3});
  group.check_one_leader();
  group.check_no_leader();
  EXPECT_NE(group.fault(), "");
}

TEST(CourseGroup, says_if_a_command_is_not_committed) {
  CourseGroup group({.nodes = 3});
  group.disconnect(NodeId{1});
  group.disconnect(NodeId{2});
  const Time before = group.world().now();
  group.one(1);
  EXPECT_EQ(group.fault(), "no agreement by 1");
  EXPECT_GE(group.world().now() - before, 10s);
}

TEST(CourseGroup, loses_one_message_in_ten_if_it_is_unreliable) {
  CourseGroup group({.nodes = 3, .unreliable = true});
  for (int i = 0; i < 50; ++i) group.one(3);
  const Counters& counters = group.world().counters();
  EXPECT_GT(counters.messages, 300U);
  EXPECT_GT(group.lost(), counters.messages / 20);
  EXPECT_LT(group.lost(), counters.messages / 5);
  EXPECT_GT(counters.messages_doubled, 0U);
  EXPECT_EQ(group.fault(), "");
}

TEST(Ledger, notices_two_commands_at_one_index) {
  Ledger ledger;
  Site one{.id = NodeId{1}};
  Site two{.id = NodeId{2}};
  ledger.applied(one, {{{Term{1}, Index{1}}, raft::Kind::command, Bytes::copy("a")}, 0});
  ledger.applied(two, {{{Term{1}, Index{1}}, raft::Kind::command, Bytes::copy("a")}, 0});
  EXPECT_EQ(ledger.fault(), "");
  ledger.applied(one, {{{Term{1}, Index{2}}, raft::Kind::command, Bytes::copy("b")}, 0});
  ledger.applied(two, {{{Term{1}, Index{2}}, raft::Kind::command, Bytes::copy("c")}, 0});
  EXPECT_NE(ledger.fault(), "");
}

TEST(Ledger, notices_a_gap) {
  Ledger ledger;
  Site one{.id = NodeId{1}};
  ledger.applied(one, {{{Term{1}, Index{2}}, raft::Kind::command, Bytes::copy("a")}, 0});
  EXPECT_NE(ledger.fault(), "");
}

TEST(Margins, keep_the_worst) {
  Margins some;
  EXPECT_EQ(some.table(), "");
  some.note("speed", 3, 5, "km/h");
  some.note("speed", 1, 5, "km/h");
  EXPECT_NE(some.table().find("|       2.0 |         3 |         5 |      2 |"), std::string::npos)
      << some.table();
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/sim/course_seeds.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration election = 1s;

void initial_election(CourseGroup& group) {
  group.check_one_leader();
  group.run(50ms);
  const Term term = group.check_terms();
  EXPECT_GE(term, Term{1});
  group.run(2 * election);
  EXPECT_EQ(group.check_terms(), term) << "the term changed though nothing failed";
  group.check_one_leader();
}

TEST(Course, M01_initial_election) { with_seeds({.nodes = 3}, initial_election); }

void reelection(CourseGroup& group) {
  const NodeId first = group.check_one_leader();
  group.disconnect(first);
  const NodeId second = group.check_one_leader();
  const Term term = group.world().core(second)->term();

  // The old leader comes back and disturbs nobody.
  group.connect(first);
  EXPECT_EQ(group.check_one_leader(), second);
  EXPECT_EQ(group.check_terms(), term);

  // Without a quorum there is no leader.
  group.disconnect(second);
  group.disconnect(group.nth_after(second, 1));
  group.run(2 * election);
  group.check_no_leader();

  group.connect(group.nth_after(second, 1));
  group.check_one_leader();
  group.connect(second);
  group.check_one_leader();
}

TEST(Course, M02_reelection) { with_seeds({.nodes = 3}, reelection); }

void many_elections(CourseGroup& group) {
  group.check_one_leader();
  for (int round = 0; round < 9; ++round) {
    const std::vector<NodeId> away{group.anybody(), group.anybody(), group.anybody()};
    for (const NodeId id : away) group.disconnect(id);
    group.check_one_leader();
    for (const NodeId id : away) group.connect(id);
  }
  group.check_one_leader();
}

TEST(Course, M03_many_elections) { with_seeds({.nodes = 7}, many_elections); }

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/sim/group_rig.h"

// What an old segment still holds is copied, so that it can go; but not what goes by itself.
namespace bowline::sim {
namespace {

struct Cleaning : testing::Test, GroupRig {
  static constexpr std::uint64_t few = 50;  // a fifth of a segment, about
  void write(int times) {
    for (int i = 0; i < times; ++i) {
      entries(5);
      if (rig.shadow(group).written().lines.size() > few) release(few);
      ASSERT_TRUE(done());
    }
  }
  void all_is_there() {
    rig.crash(Loss::everything);
    ASSERT_TRUE(rig.start()) << rig.refused;
    for (const GroupId id : {group, idle}) rig.check(id);
    EXPECT_EQ(rig.wrong, "");
  }

  static constexpr GroupId idle{2};
};

TEST_F(Cleaning, what_goes_by_itself_is_not_copied) {
  write(600);
  EXPECT_GT(rig.log().retired(), 8U);
  EXPECT_LT(rig.log().segments(), 7U);
  EXPECT_EQ(rig.log().copied(), 0U);
  all_is_there();
}

TEST_F(Cleaning, what_stays_is_copied_so_that_the_rest_can_go) {
  Write vote = next();
  vote.hard = raft::HardState{{1}, {2}, {3}};
  rig.submit(idle, std::move(vote));
  write(600);
  EXPECT_GT(rig.log().retired(), 5U);
  EXPECT_LT(rig.log().segments(), 8U);
  EXPECT_GT(rig.log().copied(), 0U);
  EXPECT_LT(rig.log().copied(), 20U);
  all_is_there();
}

}  // namespace
}  // namespace bowline::sim

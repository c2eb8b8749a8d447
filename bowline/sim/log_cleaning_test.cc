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

// Of sixteen votes most are cast anew while as much is written as a segment holds, and again of the
// rest. Only the last one has to be copied.
TEST_F(Cleaning, what_goes_bit_by_bit_is_waited_for) {
  std::uint64_t term = 0;
  const auto vote = [&](std::uint64_t first, std::uint64_t last) {
    ++term;
    for (std::uint64_t id = first; id <= last; ++id) {
      Write write = next();
      write.hard = raft::HardState{{term}, {2}, {3}};
      rig.submit(GroupId{100 + id}, std::move(write));
    }
    ASSERT_TRUE(done());
  };
  const auto a_segment = [&] {
    const std::uint64_t now = rig.log().landed_at().segment;
    while (rig.log().landed_at().segment == now) write(1);
  };
  vote(1, 16);
  a_segment();
  vote(1, 12);
  a_segment();
  vote(13, 15);
  a_segment();
  EXPECT_EQ(rig.log().copied(), 0U);
  EXPECT_EQ(rig.log().retired(), 0U);
  a_segment();
  a_segment();
  EXPECT_GT(rig.log().copied(), 0U);
  EXPECT_GT(rig.log().retired(), 0U);
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

// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include <gtest/gtest.h>

#include "bowline/sim/group_rig.h"

// A log on a disk without a free byte.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t plenty = std::uint64_t{1} << 36;

struct FullDisk : testing::Test, GroupRig {
  // No byte is free, and the log has noticed. As a host would, nobody asks for entries any more.
  void fill() {
    while (rig.log().segments() < 6) {
      entries(5);
      ASSERT_TRUE(done());
    }
    rig.run(1s);
    rig.platter.limit(0);
    for (int i = 0; i < 100 && !rig.full; ++i) {
      entries(5);
      ASSERT_TRUE(done());
    }
    ASSERT_TRUE(rig.full);
  }
};

TEST_F(FullDisk, terms_and_votes_are_written_from_the_reserve) {
  fill();
  for (int i = 0; i < 30; ++i) {
    vote();
    ASSERT_TRUE(done()) << "vote " << i;
  }
  EXPECT_EQ(rig.platter.free_bytes(), 0U);
}

TEST_F(FullDisk, a_node_starts_reads_and_votes) {
  fill();
  for (int life = 0; life < 4; ++life) {
    vote();
    ASSERT_TRUE(done());
    rig.crash(Loss::everything);
    ASSERT_TRUE(rig.start()) << rig.refused;
    rig.check(group);
    vote();
    ASSERT_TRUE(done()) << "in life " << life;
    EXPECT_EQ(rig.platter.free_bytes(), 0U);
  }
  EXPECT_EQ(rig.wrong, "");
}

TEST_F(FullDisk, it_goes_on_by_itself_when_there_is_space) {
  fill();
  rig.platter.limit(plenty);
  ASSERT_TRUE(rig.loop().run_until([&] { return !rig.full; }, 2s));
  for (int i = 0; i < 100; ++i) {
    entries(5);
    ASSERT_TRUE(done());
  }
  rig.crash(Loss::everything);
  ASSERT_TRUE(rig.start());
  rig.check(group);
  EXPECT_EQ(rig.wrong, "");
}

// What little of it is needed is copied, so that it can be used again.
TEST_F(FullDisk, the_oldest_segment_is_emptied_into_the_reserve) {
  fill();
  release(rig.shadow(group).written().last().value - 85);  // of about a hundred in a segment
  ASSERT_TRUE(done());
  EXPECT_TRUE(rig.loop().run_until([&] { return rig.log().recycled() > 0; }, 10s));
  EXPECT_GT(rig.log().copied(), 0U);
  EXPECT_EQ(rig.platter.free_bytes(), 0U);
  rig.crash(Loss::everything);
  ASSERT_TRUE(rig.start()) << rig.refused;
  rig.check(group);
  EXPECT_EQ(rig.wrong, "");
}

TEST_F(FullDisk, a_snapshot_makes_space_without_a_free_byte) {
  fill();
  release(3);
  ASSERT_TRUE(done());
  ASSERT_TRUE(rig.loop().run_until([&] { return !rig.full; }, 10s));
  EXPECT_GT(rig.log().recycled(), 0U);
  EXPECT_EQ(rig.platter.free_bytes(), 0U);
  for (int i = 0; i < 50; ++i) {
    entries(5);
    ASSERT_TRUE(done());
    release(3);
    ASSERT_TRUE(done()) << i;
  }
  rig.crash(Loss::everything);
  ASSERT_TRUE(rig.start());
  rig.check(group);
  EXPECT_EQ(rig.wrong, "");
}

TEST_F(FullDisk, what_goes_beyond_the_reserve_waits_and_is_done_later) {
  fill();
  for (int i = 0; i < 200; ++i) {
    entries(5);
    rig.flush();
    rig.run(1ms);
  }
  EXPECT_FALSE(rig.drain(5s));
  EXPECT_FALSE(rig.broken);
  rig.platter.limit(plenty);
  EXPECT_TRUE(rig.drain(5s));
  rig.crash(Loss::everything);
  ASSERT_TRUE(rig.start());
  rig.check(group);
  EXPECT_EQ(rig.wrong, "");
}

// Space there is, but the process has too many files open. Nothing is in doubt: nothing was done.
struct NoDescriptors : testing::Test, GroupRig {
  void run_out() {
    rig.platter.run_out_of_descriptors(true);
    for (int i = 0; i < 100 && !rig.full; ++i) {
      entries(5);
      ASSERT_TRUE(done());
    }
    ASSERT_TRUE(rig.full);
  }
  void goes_on() {
    rig.platter.run_out_of_descriptors(false);
    ASSERT_TRUE(rig.loop().run_until([&] { return !rig.full; }, 5s));
    for (int i = 0; i < 100; ++i) {
      entries(5);
      ASSERT_TRUE(done());
    }
    EXPECT_FALSE(rig.broken);
    rig.crash(Loss::everything);
    ASSERT_TRUE(rig.start()) << rig.refused;
    rig.check(group);
    EXPECT_EQ(rig.wrong, "");
  }
};

TEST_F(NoDescriptors, the_log_waits_and_says_why) {
  run_out();
  EXPECT_NE(rig.log().why_full().find("too many open files"), std::string::npos);
  for (int i = 0; i < 200; ++i) {
    entries(5);
    rig.flush();
    rig.run(1ms);
  }
  EXPECT_FALSE(rig.drain(5s));
  EXPECT_FALSE(rig.broken);
  goes_on();
}

// It has its new name already, and is opened by that.
TEST_F(NoDescriptors, a_segment_that_is_used_again_is_opened_later) {
  while (rig.log().segments() < 6) {
    entries(5);
    ASSERT_TRUE(done());
  }
  rig.run(1s);
  release(3);
  rig.flush();
  ASSERT_TRUE(rig.loop().run_until([&] { return rig.log().recycled() > 0; }, 1s));
  rig.platter.run_out_of_descriptors(true);
  rig.run(3s);
  EXPECT_FALSE(rig.broken);
  goes_on();
}

TEST_F(NoDescriptors, a_start_is_refused_and_changes_nothing) {
  entries(5);
  ASSERT_TRUE(done());
  rig.crash(Loss::everything);
  rig.platter.run_out_of_descriptors(true);
  EXPECT_FALSE(rig.start());
  EXPECT_NE(rig.refused.find("too many open files"), std::string::npos) << rig.refused;
  rig.crash(Loss::everything);
  rig.platter.run_out_of_descriptors(false);
  ASSERT_TRUE(rig.start()) << rig.refused;
  rig.check(group);
  EXPECT_EQ(rig.wrong, "");
}

}  // namespace
}  // namespace bowline::sim

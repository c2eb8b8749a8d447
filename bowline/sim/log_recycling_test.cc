// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <optional>

#include <gtest/gtest.h>

#include "bowline/sim/group_rig.h"

// Segments that go are used again.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct Recycling : testing::Test, GroupRig {
  void fill(std::uint64_t segments) {
    while (rig.log().segments() < segments) {
      entries(5);
      ASSERT_TRUE(done());
    }
    rig.run(1s);
  }
  // A segment is about to get another name.
  void begin_to_recycle(std::uint64_t keeps) {
    const std::uint64_t before = rig.log().recycled();
    release(keeps);
    rig.flush();
    ASSERT_TRUE(rig.loop().run_until([&] { return rig.log().recycled() > before; }, 1s));
  }
  void use_several() {
    for (int i = 0; i < 60; ++i) {
      entries(5);
      ASSERT_TRUE(done());
    }
  }
  void all_is_there_after(Loss loss) {
    rig.crash(loss);
    ASSERT_TRUE(rig.start()) << rig.refused;
    rig.check(group);
    EXPECT_EQ(rig.wrong, "");
  }
};

TEST_F(Recycling, after_a_while_no_segment_is_made_any_more) {
  fill(5);
  for (int i = 0; i < 300; ++i) {
    entries(5);
    release(3);
    ASSERT_TRUE(done());
  }
  EXPECT_GT(rig.log().recycled(), 10U);
  EXPECT_EQ(rig.log().recycled(), rig.log().retired());
  EXPECT_LT(rig.log().segments(), 7U);
  all_is_there_after(Loss::everything);
}

// The power takes the new name back: the old one, which nobody needs, has what it had.
TEST_F(Recycling, a_name_that_was_not_synced_does_no_harm) {
  fill(6);
  begin_to_recycle(3);
  all_is_there_after(Loss::everything);
  use_several();
  all_is_there_after(Loss::everything);
}

// The next start sees the new name, and its sync succeeds; but the disk never learns of it.
TEST_F(Recycling, a_failed_sync_of_the_new_name_lets_nobody_write_under_the_old_one) {
  fill(6);
  begin_to_recycle(rig.shadow(group).written().last().value - 120);  // the oldest one only
  rig.platter.arrange(Mishap::failed_sync);
  ASSERT_TRUE(rig.loop().run_until([&] { return rig.broken.has_value(); }, 1s));
  rig.kill();
  ASSERT_TRUE(rig.start()) << rig.refused;
  use_several();
  EXPECT_EQ(rig.log().retired(), 0U);
  all_is_there_after(Loss::everything);
}

TEST_F(Recycling, a_segment_that_somebody_reads_is_not_used_again) {
  fill(6);
  rig.climate.read = 10s;
  std::optional<Result<raft::Batch>> read;
  rig.log().fetch(group, {}, {3}, 3000,
                  [&](Result<raft::Batch> batch) { read = std::move(batch); });
  release(3);
  rig.flush();
  ASSERT_TRUE(rig.loop().run_until([&] { return rig.log().retired() > 2; }, 5s));
  EXPECT_LT(rig.log().recycled(), rig.log().retired());
  use_several();
  ASSERT_TRUE(rig.loop().run_until([&] { return read.has_value(); }, 60s));
  ASSERT_TRUE(*read) << read->error().what;
  EXPECT_EQ(read->value().front().id.index, Index{1});
}

}  // namespace
}  // namespace bowline::sim

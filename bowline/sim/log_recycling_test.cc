// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/group_rig.h"
#include "bowline/wal/names.h"

// Segments that go are used again.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct RecyclingRig : GroupRig {
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
  void read_the_first() {
    std::optional<Result<raft::Batch>> read;
    rig.log().fetch(group, {}, {3}, 3000,
                    [&](Result<raft::Batch> batch) { read = std::move(batch); });
    ASSERT_TRUE(rig.loop().run_until([&] { return read.has_value(); }, 1s));
    EXPECT_TRUE(read->has_value());
  }
  void all_is_there_after(Loss loss) {
    rig.crash(loss);
    ASSERT_TRUE(rig.start()) << rig.refused;
    rig.check(group);
    EXPECT_EQ(rig.wrong, "");
  }
};

struct Recycling : testing::Test, RecyclingRig {};

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

// Else the log might end one day just where the disk gives nothing, and nobody could tell.
TEST_F(Recycling, a_segment_that_the_disk_did_not_give_whole_is_not_used_again) {
  enum class Met : std::uint8_t { by_a_reader, by_the_scrubber, by_a_start };
  for (const Met met : {Met::by_a_reader, Met::by_the_scrubber, Met::by_a_start}) {
    RecyclingRig one;
    one.fill(6);
    if (met == Met::by_a_start) one.rig.crash(Loss::everything);
    ASSERT_TRUE(one.rig.platter.spoil(wal::segment_name(1), 10 * block_sectors, 1));
    if (met == Met::by_a_reader) one.read_the_first();
    const auto mended = [&] {  // and the scrubber holds no file any more
      return one.rig.log().scrubbed().mended == 1 && one.rig.log().scrubbed().rounds == 1;
    };
    ASSERT_TRUE(met != Met::by_the_scrubber || one.rig.loop().run_until(mended, 3h));
    ASSERT_TRUE(met != Met::by_a_start || one.rig.start()) << one.rig.refused;
    one.release(3);
    one.rig.flush();
    ASSERT_TRUE(one.rig.loop().run_until([&] { return one.rig.log().retired() == 1; }, 5s));
    EXPECT_EQ(one.rig.log().recycled(), 0U) << static_cast<int>(met);  // although there is room
    one.all_is_there_after(Loss::everything);
  }
}

TEST_F(Recycling, a_start_leaves_no_block_that_cannot_be_read_where_the_log_goes_on) {
  fill(3);
  rig.crash(Loss::everything);
  std::vector<std::string> names;
  for (const env::Listed& file : rig.platter.list_durable())
    if (wal::segment_number(file.name)) names.push_back(file.name);
  std::ranges::sort(names);
  const std::uint64_t blocks = GroupRig::options().segment_bytes / env::block_bytes;
  for (const std::string& name : names)
    ASSERT_TRUE(rig.platter.spoil(name, (blocks - 1) * block_sectors, 1));
  ASSERT_TRUE(rig.start()) << rig.refused;
  std::vector<std::string> harmed;
  for (const env::Listed& file : rig.platter.list())
    if (!rig.platter.unreadable_blocks(file.name).empty()) harmed.push_back(file.name);
  EXPECT_EQ(harmed, std::vector<std::string>());
  all_is_there_after(Loss::everything);
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/group_rig.h"
#include "bowline/wal/inspect.h"
#include "bowline/wal/names.h"

// Entries that are read back from a disk on which something has rotted.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct Reading : testing::Test, GroupRig {
  // All in one batch, of as many blocks and two more.
  void write_batch(std::uint64_t blocks) {
    entries(blocks * 4);
    rig.flush();
    ASSERT_TRUE(done());
  }
  void hurt(std::uint64_t segment, std::uint64_t block) {
    rig.platter.flip(wal::segment_name(segment), block * env::block_bytes + 100, 3);
  }
  // What a start would find.
  raft::Found found_on_disk() {
    wal::Inspector inspector(rig.opened()->identity.disk);
    std::vector<env::Listed> files = rig.platter.list_durable();
    std::ranges::reverse(files);  // the newest first
    for (const env::Listed& file : files)
      if (const auto number = wal::segment_number(file.name)) {
        std::string bytes = *rig.platter.durable(file.name, 0, file.bytes);
        inspector.judge(*number, bytes, {});
      }
    return wal::found(inspector.finish().groups.at(group));
  }
  // How many entries come back when these are asked for; none: it was an error.
  std::optional<std::size_t> read(Index after, Index through) {
    std::optional<Result<raft::Batch>> read;
    rig.log().fetch(group, after, through, 1 << 20,
                    [&](Result<raft::Batch> batch) { read = std::move(batch); });
    EXPECT_TRUE(rig.loop().run_until([&] { return read.has_value(); }, 1s));
    if (!read || !*read) return std::nullopt;
    EXPECT_FALSE((*read)->empty() || (*read)->front().id.index != after.next());
    return (*read)->size();
  }
};

TEST_F(Reading, a_batch_whose_table_is_bad_is_read_by_what_the_next_one_tells) {
  write_batch(3);
  const wal::Spot first = rig.log().landed_at();
  write_batch(3);
  ASSERT_EQ(rig.log().landed_at().segment, first.segment);
  hurt(first.segment, first.block);      // its table ...
  hurt(first.segment, first.block + 1);  // ... and so much that parity does not help
  EXPECT_EQ(read({9}, {12}), 3U);
  EXPECT_EQ(read({}, {12}), std::nullopt);  // these are gone
  // The same is true after a start.
  rig.kill();
  ASSERT_TRUE(rig.start()) << rig.refused;
  EXPECT_EQ(read({9}, {12}), 3U);
}

TEST_F(Reading, the_next_batch_may_lie_in_the_next_segment) {
  wal::Spot last;
  do {
    last = rig.log().landed_at();
    write_batch(3);
  } while (last.segment == 0 || rig.log().landed_at().segment == last.segment);
  const Index end = rig.shadow(group).durable().last();
  hurt(last.segment, last.block);
  hurt(last.segment, last.block + 1);
  EXPECT_EQ(read({end.value - 15}, {end.value - 12}), 3U);
}

// What has no bytes cannot be lost with them; but who reads must find the batch at all.
TEST_F(Reading, an_entry_without_bytes_is_lost_where_no_block_is_good) {
  Write write = next();
  const raft::Entry blank{{{1}, {1}}, raft::Kind::blank, {}};
  write.entries.push_back({blank, extended(0, blank)});
  rig.submit(group, std::move(write));
  rig.flush();
  ASSERT_TRUE(done());
  const wal::Spot first = rig.log().landed_at();
  write_batch(1);
  const std::uint64_t blocks = rig.log().landed_at().block - first.block;
  for (std::uint64_t i = 0; i < blocks; ++i) hurt(first.segment, first.block + i);
  EXPECT_EQ(read({}, {1}), std::nullopt);
  rig.kill();
  rig.start();
  ASSERT_TRUE(rig.opened().has_value()) << rig.refused;
  EXPECT_EQ(rig.opened()->damaged, 1U);
  EXPECT_EQ(read({}, {1}), std::nullopt);
  const raft::Damage damage(found_on_disk().damaged);
  EXPECT_TRUE(damage.covers({1}));  // a start knows that, too
}

TEST_F(Reading, nobody_tells_of_the_last_batch) {
  write_batch(3);
  const wal::Spot last = rig.log().landed_at();
  hurt(last.segment, last.block);
  hurt(last.segment, last.block + 1);
  EXPECT_EQ(read({9}, {12}), std::nullopt);
}

}  // namespace
}  // namespace bowline::sim

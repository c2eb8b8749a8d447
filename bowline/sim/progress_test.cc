// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/many_groups_rig.h"

// How far snapshots are that take long is told as it happens.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;
using host::SnapshotProgress;

constexpr GroupId the_one{1};
constexpr std::uint64_t state_bytes = 1 << 20;

struct ProgressOfSnapshots : testing::Test {
  ProgressOfSnapshots() {
    rig.have_snapshots_of(state_bytes);
    rig.adjust([](host::Options& options) {
      options.snapshots.piece_bytes = 64 << 10;
      options.snapshots.bytes_per_second = 256 << 10;
      options.transfers.bytes_per_second = 64 << 10;
    });
    for (std::uint64_t id = 1; id <= 3; ++id) {
      rig.kill({id});
      rig.boot({id});
    }
  }
  // What was told of this, and it must have risen.
  std::vector<SnapshotProgress> told(NodeId id, SnapshotProgress::What what) {
    std::vector<SnapshotProgress> all;
    for (const auto& [group, news] : rig.news(id)) {
      const auto* const progress = std::get_if<SnapshotProgress>(&news);
      if (progress == nullptr || progress->what != what) continue;
      EXPECT_EQ(group, the_one);
      const std::uint64_t before = all.empty() ? 0 : all.back().bytes;
      EXPECT_GE(progress->bytes, before);
      all.push_back(*progress);
    }
    return all;
  }
  bool take(NodeId id) {
    bool taken = false;
    rig.replica(id, the_one)->take_snapshot([&](const Result<raft::Base>& base) {
      taken = base.has_value();
    });
    return rig.run_until([&] { return taken; }, 60s);
  }
  bool writes() {
    rig.run(3s);
    return rig.writes(the_one);
  }
  ManyGroupsRig rig;
};

// Four seconds' worth of the pace.
TEST_F(ProgressOfSnapshots, of_one_that_is_taken) {
  rig.start(the_one);
  ASSERT_TRUE(writes());
  ASSERT_TRUE(take({1}));
  const auto all = told({1}, SnapshotProgress::What::taken);
  ASSERT_GE(all.size(), 3U);
  EXPECT_LE(all.size(), 5U);
  EXPECT_GT(all.back().bytes, all.front().bytes);
  rig.run(10s);
  EXPECT_EQ(told({1}, SnapshotProgress::What::taken).size(), all.size());  // it is over
}

TEST_F(ProgressOfSnapshots, of_one_that_is_loaded_by_a_start) {
  rig.start(the_one);
  ASSERT_TRUE(writes());
  ASSERT_TRUE(take({1}));
  rig.kill({1});
  rig.boot({1});
  rig.climate({1}) = DiskClimate{};
  rig.climate({1}).slower = 500ms;
  rig.begin({1}, the_one, [](const Result<host::Replica*>&) {});
  ASSERT_TRUE(
      rig.run_until([&] { return rig.shard({1}).snapshots().loading(the_one).has_value(); }, 1s));
  EXPECT_EQ(rig.shard({1}).starting(), std::vector{the_one});
  ASSERT_TRUE(rig.run_until([&] { return rig.replica({1}, the_one) != nullptr; }, 60s));
  const auto all = told({1}, SnapshotProgress::What::loaded);
  ASSERT_GE(all.size(), 2U);
  EXPECT_GT(all.back().bytes, 0U);
  EXPECT_GE(all.back().of_bytes, state_bytes);
  EXPECT_FALSE(rig.shard({1}).snapshots().loading(the_one).has_value());
}

TEST_F(ProgressOfSnapshots, of_one_that_is_fetched) {
  rig.group_options().keep_entries = 0;
  rig.start({1}, the_one);
  rig.start({2}, the_one);
  ASSERT_TRUE(writes());
  for (std::uint64_t id = 1; id <= 2; ++id) ASSERT_TRUE(take({id}));
  rig.start({3}, the_one);
  const auto has_it = [&] {
    const host::Replica* const replica = rig.replica({3}, the_one);
    return replica != nullptr && replica->applied().index.value > 0;
  };
  ASSERT_TRUE(rig.run_until(has_it, 60s));
  const auto all = told({3}, SnapshotProgress::What::fetched);
  ASSERT_GE(all.size(), 8U);
  EXPECT_LE(all.size(), 30U);
  EXPECT_GE(all.back().of_bytes, state_bytes);
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/memory_snapshots.h"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/shelves_rig.h"

// How much memory they take, and whose turn it is.
namespace bowline::sim {
namespace {

struct LittleMemory : testing::Test {
  // One snapshot and a half.
  Shelves rig{in_memory(9 * small_piece)};
  std::uint64_t used() { return static_cast<host::MemorySnapshots&>(rig.store()).bytes(); }
};

TEST_F(LittleMemory, it_is_full_and_keeps_the_old_one) {
  ASSERT_TRUE(rig.take(10));
  const std::uint64_t one = used();
  EXPECT_EQ(one, 5 * small_piece + 77);
  EXPECT_EQ(rig.take(20).error().fault, Fault::full);
  EXPECT_EQ(rig.newest(), 10U);
  EXPECT_EQ(used(), one);
  const host::Manifest coming = SnapshotsRig::manifest_of(20);
  ASSERT_TRUE(rig.begin(coming));
  for (std::uint32_t piece = 0; piece < 3; ++piece)
    ASSERT_TRUE(rig.put(piece, SnapshotsRig::piece_of(coming, state_at(20), piece)));
  EXPECT_EQ(rig.put(3, SnapshotsRig::piece_of(coming, state_at(20), 3)).error().fault, Fault::full);
  EXPECT_EQ(rig.newest(), 10U);
  EXPECT_EQ(used(), one);
  ASSERT_TRUE(rig.take(30, std::make_unique<StateReader>(state_at(30, small_piece))));
  EXPECT_EQ(used(), small_piece);  // the old one is gone
}

TEST_F(LittleMemory, what_came_of_one_that_is_older_now_goes_for_those_that_need_the_room) {
  const host::Manifest coming = SnapshotsRig::manifest_of(20);
  ASSERT_TRUE(rig.begin(coming));
  for (std::uint32_t piece = 0; piece < 3; ++piece)
    ASSERT_TRUE(rig.put(piece, SnapshotsRig::piece_of(coming, state_at(20), piece)));
  EXPECT_EQ(
      rig.take(10, std::make_unique<StateReader>(state_at(10, 7 * small_piece))).error().fault,
      Fault::full);  // it still may become the newest
  ASSERT_TRUE(rig.take(25, std::make_unique<StateReader>(state_at(25, small_piece))));
  EXPECT_EQ(used(), 4 * small_piece);
  ASSERT_TRUE(rig.take(30, std::make_unique<StateReader>(state_at(30, 7 * small_piece))));
  EXPECT_EQ(used(), 7 * small_piece);
}

TEST_F(LittleMemory, of_all_groups_together_one_piece_is_copied_in_a_turn) {
  std::vector<std::shared_ptr<std::uint64_t>> given;
  std::uint64_t done = 0;
  for (const std::uint64_t group : {1, 2, 3, 4}) {
    auto reader = std::make_unique<StateReader>(state_at(1, 2 * small_piece));
    given.push_back(reader->all_given);
    rig.store().take({group}, base_at(1), std::move(reader), [&](const Result<void>& taken) {
      ASSERT_TRUE(taken);
      ++done;
    });
  }
  const auto all = [&] {
    std::uint64_t sum = 0;
    for (const auto& each : given) sum += *each;
    return sum;
  };
  // Two of what is due at the same time would be done before the loop looks at anything else.
  while (done < 4) {
    const std::uint64_t before = all();
    bool over = false;
    rig.loop().soon([&] { over = true; });
    while (!over) rig.loop().run_next();
    ASSERT_LE(all() - before, small_piece);
  }
}

TEST_F(LittleMemory, what_is_held_takes_its_room_until_it_is_let_go) {
  ASSERT_TRUE(rig.take(10, std::make_unique<StateReader>(state_at(10, 3 * small_piece))));
  host::HeldSnapshotPtr held = rig.store().hold(the_group);
  ASSERT_TRUE(rig.take(20, std::make_unique<StateReader>(state_at(20, small_piece))));
  EXPECT_EQ(used(), 4 * small_piece);
  held.reset();
  EXPECT_EQ(used(), small_piece);
}

TEST_F(LittleMemory, options_that_cannot_work_are_told_in_a_sentence) {
  using Options = host::MemorySnapshots::Options;
  EXPECT_EQ(Options{}.fault(), "");
  EXPECT_EQ(Options{.piece_bytes = 5}.fault(),
            "piece_bytes must be a multiple of 4096, and at most 4 MiB");
  EXPECT_EQ(Options{.most_bytes = 0}.fault(), "most_bytes must be above zero");
}

}  // namespace
}  // namespace bowline::sim

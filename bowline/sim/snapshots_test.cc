// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/snapshots.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/snapshots_rig.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct OneNode : testing::Test {
  OneNode() { EXPECT_TRUE(rig.start()); }
  SnapshotsRig rig;
  host::Snapshots& snapshots() { return rig.snapshots(); }
  std::string name(std::uint32_t piece) {
    return host::piece_file(snapshots().whole(the_group)->name(), piece);
  }
  std::string head() {
    for (const env::Listed& file : rig.platter.list())
      if (const auto found = host::snapshot_file(file.name); found && found->head) return file.name;
    return {};
  }
};

TEST_F(OneNode, what_was_taken_is_loaded) {
  EXPECT_EQ(snapshots().newest(the_group), nullptr);
  EXPECT_EQ(rig.load().error().fault, Fault::not_found);
  ASSERT_TRUE(rig.take(10));
  const host::Manifest* const manifest = snapshots().newest(the_group);
  ASSERT_NE(manifest, nullptr);
  EXPECT_EQ(manifest->base.id, (LogId{{3}, {10}}));
  EXPECT_EQ(manifest->base.known_in, Term{4});
  EXPECT_EQ(manifest->pieces(), 6U);
  EXPECT_EQ(*rig.load(), state_at(10));
  EXPECT_EQ(snapshots().groups(), std::vector{the_group});
}

// Opening and reading each of the six by itself would take 120 ms.
TEST_F(OneNode, pieces_are_read_ahead_and_loaded_in_their_order) {
  ASSERT_TRUE(rig.take(10));
  rig.climate.slower = 10ms;
  for (int i = 0; i < 50; ++i) {
    const Time from = rig.loop().now();
    EXPECT_EQ(*rig.load(), state_at(10));
    EXPECT_LT(rig.loop().now() - from, 80ms);
  }
}

TEST_F(OneNode, it_is_there_after_the_power_failed_and_again_and_again) {
  ASSERT_TRUE(rig.take(10));
  for (int life = 0; life < 5; ++life) {
    rig.lose_power(Loss::everything);
    ASSERT_TRUE(rig.start());
    EXPECT_EQ(rig.newest(), 10U);
    EXPECT_EQ(rig.files(), 7U);
  }
}

TEST_F(OneNode, a_newer_one_takes_its_place_and_an_older_one_does_not) {
  ASSERT_TRUE(rig.take(10));
  ASSERT_TRUE(rig.take(20));
  EXPECT_EQ(rig.newest(), 20U);
  rig.run(10s);
  EXPECT_EQ(rig.files(), 7U);
  EXPECT_TRUE(rig.take(15));  // what is there covers it
  EXPECT_EQ(rig.newest(), 20U);
}

TEST_F(OneNode, sizes_at_the_edges_of_a_piece_come_out_as_they_went_in) {
  std::uint64_t index = 0;
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{1}, small_piece - 1,
                                    small_piece, small_piece + 1, 3 * small_piece}) {
    ++index;
    ASSERT_TRUE(rig.take(index, std::make_unique<StateReader>(state_at(index, bytes))));
    EXPECT_EQ(*rig.load(), state_at(index, bytes));
    rig.kill();
    ASSERT_TRUE(rig.start());
    EXPECT_EQ(*rig.load(), state_at(index, bytes));
  }
}

TEST_F(OneNode, a_second_take_of_a_group_is_refused_and_those_of_others_wait) {
  std::vector<std::string> ended;
  const auto take = [&](std::uint64_t group, std::uint64_t index) {
    snapshots().take({group}, base_at(index), std::make_unique<StateReader>(state_at(index)),
                     [&ended, group](Result<void> result) {
                       ended.push_back(std::to_string(group) + (result ? "" : " no"));
                     });
  };
  take(1, 10);
  take(2, 20);
  take(1, 30);
  rig.run(10s);
  EXPECT_EQ(ended, (std::vector<std::string>{"1 no", "1", "2"}));
  EXPECT_EQ(rig.newest({1}), 10U);
  EXPECT_EQ(rig.newest({2}), 20U);
}

TEST_F(OneNode, a_reader_is_asked_for_one_piece_in_a_turn) {
  auto reader = std::make_unique<StateReader>(state_at(1, 100 * small_piece));
  const auto given = reader->all_given;
  std::optional<Result<void>> done;
  snapshots().take(the_group, base_at(1), std::move(reader),
                   [&](Result<void> result) { done = std::move(result); });
  std::uint64_t turns = 0;
  while (!done) {
    const std::uint64_t before = *given;
    rig.loop().run_next();
    ASSERT_LE(*given - before, small_piece);
    ++turns;
  }
  EXPECT_TRUE(*done);
  EXPECT_EQ(*given, 100 * small_piece);
  EXPECT_GT(turns, 200U);
}

TEST_F(OneNode, what_the_machine_does_not_give_is_no_snapshot) {
  ASSERT_TRUE(rig.take(10));
  auto reader = std::make_unique<StateReader>(state_at(20));
  reader->fails_after = 2 * small_piece;
  EXPECT_EQ(rig.take(20, std::move(reader)).error().fault, Fault::corrupt);
  EXPECT_EQ(rig.newest(), 10U);
  rig.run(10s);
  EXPECT_EQ(rig.files(), 7U);
  EXPECT_TRUE(rig.take(20));
}

TEST_F(OneNode, a_full_disk_keeps_the_old_and_loses_no_space) {
  ASSERT_TRUE(rig.take(10));
  for (std::uint64_t room = 0; room < 7; ++room) {
    rig.platter.limit(rig.platter.used_bytes() + room * small_piece);
    EXPECT_EQ(rig.take(20).error().fault, Fault::full);
    EXPECT_EQ(rig.newest(), 10U);
    rig.run(10s);
    EXPECT_EQ(rig.files(), 7U);
  }
  rig.platter.limit(rig.platter.used_bytes() + 7 * small_piece);
  EXPECT_TRUE(rig.take(20));
  EXPECT_EQ(rig.newest(), 20U);
}

TEST_F(OneNode, a_write_that_fails_is_told_and_the_old_is_there_after_a_start) {
  ASSERT_TRUE(rig.take(10));
  rig.platter.arrange(Mishap::failed_write);
  EXPECT_EQ(rig.take(20).error().fault, Fault::io);
  rig.kill();
  ASSERT_TRUE(rig.start());
  EXPECT_EQ(rig.newest(), 10U);
  rig.run(10s);
  EXPECT_EQ(rig.files(), 7U);
}

TEST_F(OneNode, a_piece_that_rotted_is_noticed_and_another_one_can_be_taken) {
  ASSERT_TRUE(rig.take(10));
  ASSERT_TRUE(rig.platter.flip(name(3), 100, 1));
  EXPECT_EQ(rig.load().error().fault, Fault::corrupt);
  EXPECT_EQ(snapshots().newest(the_group), nullptr);
  EXPECT_EQ(rig.take(5).error().fault, Fault::exists);  // a start would prefer what is bad
  ASSERT_TRUE(rig.take(10));
  EXPECT_EQ(rig.newest(), 10U);
  rig.lose_power();
  ASSERT_TRUE(rig.start());
  EXPECT_EQ(rig.newest(), 10U);
}

TEST_F(OneNode, what_cannot_be_read_once_is_read_again) {
  ASSERT_TRUE(rig.take(10));
  rig.platter.arrange(Mishap::flipped_read);
  EXPECT_EQ(rig.newest(), 10U);
  rig.platter.arrange(Mishap::failed_read);
  EXPECT_EQ(rig.newest(), 10U);
  rig.kill();
  rig.platter.arrange(Mishap::flipped_read);
  ASSERT_TRUE(rig.start());
  EXPECT_EQ(rig.newest(), 10U);
}

TEST_F(OneNode, a_manifest_that_rotted_is_no_snapshot_and_stays_until_there_is_another_one) {
  ASSERT_TRUE(rig.take(10));
  ASSERT_TRUE(rig.platter.flip(head(), 30, 1));
  for (int life = 0; life < 3; ++life) {
    rig.kill();
    ASSERT_TRUE(rig.start());
    EXPECT_EQ(snapshots().newest(the_group), nullptr);
    EXPECT_EQ(snapshots().groups(), std::vector{the_group});
    EXPECT_EQ(rig.files(), 7U);
  }
  ASSERT_TRUE(rig.take(20));
  rig.run(10s);
  EXPECT_EQ(rig.files(), 7U);
  EXPECT_EQ(rig.newest(), 20U);
}

TEST_F(OneNode, what_rotted_goes_at_a_start_if_there_is_a_newer_one) {
  ASSERT_TRUE(rig.take(10));
  ASSERT_TRUE(rig.platter.flip(head(), 30, 1));
  rig.kill();
  ASSERT_TRUE(rig.start());
  ASSERT_TRUE(rig.take(20));
  rig.lose_power(Loss::everything);  // what was removed is there again
  ASSERT_TRUE(rig.start());
  rig.run(10s);
  EXPECT_EQ(rig.newest(), 20U);
  EXPECT_EQ(rig.files(), 7U);
}

TEST_F(OneNode, a_snapshot_without_one_of_its_pieces_is_none) {
  ASSERT_TRUE(rig.take(10));
  const std::string piece = name(3);
  rig.kill();
  ASSERT_TRUE(rig.start());
  std::optional<Result<void>> removed;
  ProcessLoop& loop = rig.loop();
  SimulatedDisk disk(rig.platter, loop, rig.chance(), rig.climate);
  disk.remove(piece, [&](Result<void> result) { removed = std::move(result); });
  loop.run(1s);
  ASSERT_TRUE(removed && *removed);
  EXPECT_EQ(rig.load().error().fault, Fault::corrupt);
  rig.kill();
  ASSERT_TRUE(rig.start());
  EXPECT_EQ(snapshots().newest(the_group), nullptr);
}

TEST_F(OneNode, what_somebody_holds_stays_until_it_is_let_go) {
  ASSERT_TRUE(rig.take(10));
  host::HeldSnapshotPtr held = snapshots().hold(the_group);
  ASSERT_TRUE(rig.take(20));
  rig.run(10s);
  EXPECT_EQ(rig.files(), 14U);
  for (std::uint32_t piece = 0; piece < held->manifest().pieces(); ++piece) {
    const auto read = rig.answer<env::Buffer>(
        [&](auto done) { snapshots().read_piece(held, piece, std::move(done)); });
    ASSERT_TRUE(read);
    EXPECT_EQ(read->view(), SnapshotsRig::piece_of(held->manifest(), state_at(10), piece));
  }
  held.reset();
  rig.run(10s);
  EXPECT_EQ(rig.files(), 7U);
  EXPECT_EQ(rig.newest(), 20U);
}

TEST_F(OneNode, a_load_is_not_disturbed_by_a_newer_snapshot) {
  ASSERT_TRUE(rig.take(10));
  std::optional<std::string> state;
  std::optional<Result<raft::Base>> loaded;
  rig.climate.read = 100ms;
  snapshots().load(the_group, std::make_unique<StateWriter>(state),
                   [&](Result<raft::Base> base) { loaded = std::move(base); });
  ASSERT_TRUE(rig.take(20));
  EXPECT_FALSE(loaded);
  rig.run(100s);
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_EQ((*loaded)->id.index, Index{10});
  EXPECT_EQ(state, state_at(10));
}

TEST_F(OneNode, of_a_group_that_left_nothing_remains_and_whoever_waits_is_told) {
  ASSERT_TRUE(rig.take(10));
  ASSERT_TRUE(rig.take(10, {8}));
  std::optional<Result<void>> taken;
  snapshots().take(the_group, base_at(20), std::make_unique<StateReader>(state_at(20)),
                   [&](Result<void> result) { taken = std::move(result); });
  rig.run(2ms);
  snapshots().forget(the_group);
  rig.run(10s);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->error().fault, Fault::not_found);
  EXPECT_EQ(rig.newest(), 0U);
  EXPECT_EQ(snapshots().groups(), std::vector{GroupId{8}});
  EXPECT_EQ(rig.files(), 7U);
  rig.kill();
  ASSERT_TRUE(rig.start());
  EXPECT_EQ(snapshots().groups(), std::vector{GroupId{8}});
}

TEST(Pacing, a_take_is_no_faster_than_it_may_be) {
  SnapshotsRig rig(1, {.piece_bytes = small_piece, .bytes_per_second = 10 * small_piece});
  ASSERT_TRUE(rig.start());
  const Time before = rig.loop().now();
  ASSERT_TRUE(rig.take(10));  // six pieces
  EXPECT_GE(rig.loop().now() - before, 500ms);
  EXPECT_LE(rig.loop().now() - before, 700ms);
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/snapshots_rig.h"

// Snapshots of other nodes, as their pieces come.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

using Missing = SnapshotsRig::Missing;

struct Coming : testing::Test {
  Coming() { EXPECT_TRUE(rig.start()); }
  Result<void> put(std::uint32_t piece) {
    return rig.put(piece, SnapshotsRig::piece_of(manifest, state, piece));
  }
  void restart() {
    rig.kill();
    ASSERT_TRUE(rig.start());
  }
  SnapshotsRig rig;
  host::Manifest manifest = SnapshotsRig::manifest_of(20);
  std::string state = state_at(20);
};

TEST_F(Coming, pieces_in_any_order_are_a_snapshot_at_the_end) {
  EXPECT_EQ(*rig.begin(manifest), (Missing{0, 1, 2, 3, 4, 5}));
  for (const std::uint32_t piece : {5U, 0U, 3U, 2U, 4U}) ASSERT_TRUE(put(piece));
  EXPECT_EQ(rig.end().error().fault, Fault::not_found);
  EXPECT_EQ(rig.newest(), 0U);
  ASSERT_TRUE(put(1));
  ASSERT_TRUE(rig.end());
  EXPECT_EQ(rig.newest(), 20U);
  rig.lose_power(Loss::everything);
  ASSERT_TRUE(rig.start());
  EXPECT_EQ(rig.newest(), 20U);
  EXPECT_EQ(rig.files(), 7U);
}

TEST_F(Coming, a_piece_with_a_wrong_sum_is_not_kept) {
  ASSERT_TRUE(rig.begin(manifest));
  std::string bad(SnapshotsRig::piece_of(manifest, state, 2));
  bad[100] = static_cast<char>(bad[100] ^ 1);
  EXPECT_EQ(rig.put(2, bad).error().fault, Fault::corrupt);
  EXPECT_EQ(rig.put(2, bad.substr(1)).error().fault, Fault::corrupt);
  EXPECT_EQ(rig.put(6, bad).error().fault, Fault::corrupt);
  EXPECT_EQ(*rig.begin(manifest), (Missing{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(rig.put(2, bad, {8}).error().fault, Fault::not_found);
}

TEST_F(Coming, another_attempt_needs_only_what_is_missing) {
  ASSERT_TRUE(rig.begin(manifest));
  ASSERT_TRUE(put(1));
  ASSERT_TRUE(put(4));
  EXPECT_EQ(*rig.begin(manifest), (Missing{0, 2, 3, 5}));
  EXPECT_TRUE(put(1));  // it may come again
  restart();
  EXPECT_EQ(*rig.begin(manifest), (Missing{0, 2, 3, 5}));
  ASSERT_TRUE(put(0));
  restart();
  EXPECT_EQ(*rig.begin(manifest), (Missing{2, 3, 5}));
  ASSERT_TRUE(rig.fetch(manifest, state));
  EXPECT_EQ(rig.newest(), 20U);
  rig.run(10s);
  EXPECT_EQ(rig.files(), 7U);
}

// Of names that no sync took along, the power takes what it likes.
TEST_F(Coming, the_power_takes_only_the_last_few_pieces) {
  SnapshotsRig other;
  const std::string large = state_at(30, 100 * small_piece);
  ASSERT_TRUE(other.start());
  ASSERT_TRUE(other.take(30, std::make_unique<StateReader>(large)));
  const host::Manifest wanted = *other.snapshots().newest(the_group);
  ASSERT_TRUE(rig.begin(wanted));
  for (std::uint32_t piece = 0; piece < 90; ++piece)
    ASSERT_TRUE(rig.put(piece, SnapshotsRig::piece_of(wanted, large, piece)));
  rig.lose_power(Loss::everything);
  ASSERT_TRUE(rig.start());
  const Result<Missing> missing = rig.begin(wanted);
  ASSERT_TRUE(missing);
  EXPECT_LE(missing->size(), 10U + 16U);
  ASSERT_TRUE(rig.fetch(wanted, large));
  EXPECT_EQ(rig.newest(), 30U);
}

struct Copying : Coming {
  Copying() {
    SnapshotsRig other;
    EXPECT_TRUE(other.start());
    EXPECT_TRUE(other.take(30, std::make_unique<StateReader>(large)));
    wanted = *other.snapshots().newest(the_group);
    EXPECT_TRUE(rig.begin(wanted));
    for (std::uint32_t piece = 0; piece < 90; ++piece)
      EXPECT_TRUE(rig.put(piece, SnapshotsRig::piece_of(wanted, large, piece)));
    restart();
  }
  // Until so many files more are there. Nobody hears whether it was begun.
  void begin_and_stop(const host::Manifest& manifest, std::uint64_t more) {
    rig.run(10s);
    const std::uint64_t before = rig.files();
    bool begun = false;
    rig.snapshots().begin_incoming(manifest, [&](const Result<Missing>&) { begun = true; });
    while (rig.files() < before + more && !begun) rig.run(10us);
    ASSERT_FALSE(begun);
    restart();
  }
  std::string large = state_at(30, 100 * small_piece);
  host::Manifest wanted;
};

TEST_F(Copying, a_start_that_is_interrupted_loses_nothing_of_an_earlier_attempt) {
  for (const std::uint64_t pieces : {0U, 1U, 10U, 89U}) {
    begin_and_stop(wanted, 1 + pieces);
    rig.run(10s);
    EXPECT_EQ(rig.files(), 91U) << pieces;  // only one of the two is of use
  }
  const Result<Missing> missing = rig.begin(wanted);
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->size(), 10U);
  ASSERT_TRUE(rig.fetch(wanted, large));
  EXPECT_EQ(rig.newest(), 30U);
  rig.run(10s);
  EXPECT_EQ(rig.files(), 101U);
}

TEST_F(Copying, of_another_snapshot_that_was_only_begun_nobody_knows_who_has_it) {
  const host::Manifest newer = SnapshotsRig::manifest_of(40);
  begin_and_stop(newer, 1);
  EXPECT_EQ(rig.begin(wanted)->size(), 10U);
  restart();
  begin_and_stop(newer, 1);
  EXPECT_EQ(*rig.begin(newer), (Missing{0, 1, 2, 3, 4, 5}));
  rig.run(10s);
  EXPECT_EQ(rig.files(), 1U);  // nobody has the older one any more
}

TEST_F(Coming, what_rotted_of_an_earlier_attempt_comes_again) {
  ASSERT_TRUE(rig.begin(manifest));
  ASSERT_TRUE(put(1));
  ASSERT_TRUE(put(4));
  for (const env::Listed& file : rig.platter.list()) {
    const auto found = host::snapshot_file(file.name);
    if (found && !found->head && found->piece == 4) {
      ASSERT_TRUE(rig.platter.flip(file.name, 7, 1));
    }
  }
  restart();
  EXPECT_EQ(*rig.begin(manifest), (Missing{0, 2, 3, 4, 5}));
}

TEST_F(Coming, of_a_snapshot_that_rotted_only_the_bad_piece_comes_again) {
  ASSERT_TRUE(rig.fetch(manifest, state));
  const std::string name = host::piece_file(rig.snapshots().whole(the_group)->name(), 3);
  ASSERT_TRUE(rig.platter.flip(name, 7, 1));
  EXPECT_EQ(rig.load().error().fault, Fault::corrupt);
  EXPECT_EQ(*rig.begin(manifest), (Missing{3}));
  ASSERT_TRUE(rig.fetch(manifest, state));
  EXPECT_EQ(rig.newest(), 20U);
  rig.run(10s);
  EXPECT_EQ(rig.files(), 7U);
}

TEST_F(Coming, another_snapshot_takes_the_place_of_what_was_begun) {
  ASSERT_TRUE(rig.begin(manifest));
  ASSERT_TRUE(put(1));
  restart();
  const host::Manifest newer = SnapshotsRig::manifest_of(30);
  EXPECT_EQ(*rig.begin(newer), (Missing{0, 1, 2, 3, 4, 5}));
  rig.run(10s);
  EXPECT_EQ(rig.files(), 1U);
  EXPECT_EQ(put(1).error().fault, Fault::corrupt);
  ASSERT_TRUE(rig.fetch(newer, state_at(30)));
  EXPECT_EQ(rig.newest(), 30U);
}

TEST_F(Coming, an_older_one_is_refused_and_a_newer_take_wins) {
  ASSERT_TRUE(rig.begin(manifest));
  ASSERT_TRUE(rig.take(10));
  ASSERT_TRUE(rig.take(25));
  ASSERT_TRUE(rig.fetch(manifest, state).error().fault == Fault::exists);
  for (std::uint32_t piece = 0; piece < 6; ++piece) ASSERT_TRUE(put(piece));
  ASSERT_TRUE(rig.end());  // what was begun before may end, and is of no use
  EXPECT_EQ(rig.newest(), 25U);
  rig.run(10s);
  EXPECT_EQ(rig.files(), 7U);
}

TEST_F(Coming, what_was_begun_goes_at_a_start_if_there_is_a_newer_one) {
  ASSERT_TRUE(rig.begin(manifest));
  ASSERT_TRUE(put(1));
  restart();
  ASSERT_TRUE(rig.take(25));
  rig.lose_power(Loss::everything);  // what was removed is there again
  ASSERT_TRUE(rig.start());
  rig.run(10s);
  EXPECT_EQ(rig.newest(), 25U);
  EXPECT_EQ(rig.files(), 7U);
}

TEST_F(Coming, what_is_dropped_goes_and_whoever_waits_is_told) {
  ASSERT_TRUE(rig.begin(manifest));
  ASSERT_TRUE(put(0));
  std::vector<Fault> told;
  const auto tell = [&](const Result<void>& result) { told.push_back(result.error().fault); };
  rig.snapshots().put_piece(the_group, 1, SnapshotsRig::piece_of(manifest, state, 1), tell);
  rig.snapshots().drop_incoming(the_group);
  rig.run(10s);
  EXPECT_EQ(told, std::vector{Fault::not_found});
  EXPECT_EQ(rig.files(), 0U);
  EXPECT_TRUE(rig.snapshots().groups().empty());
  rig.snapshots().begin_incoming(
      manifest, [&](const Result<Missing>& result) { told.push_back(result.error().fault); });
  rig.snapshots().forget(the_group);
  EXPECT_TRUE(rig.begin(manifest));  // and begun anew meanwhile
  rig.run(10s);
  EXPECT_EQ(told.size(), 2U);
  EXPECT_EQ(rig.files(), 1U);
  ASSERT_TRUE(rig.fetch(manifest, state));
  EXPECT_EQ(rig.newest(), 20U);
}

TEST_F(Coming, one_that_ends_can_be_forgotten_in_the_midst) {
  ASSERT_TRUE(rig.begin(manifest));
  for (std::uint32_t piece = 0; piece < 6; ++piece) ASSERT_TRUE(put(piece));
  for (Duration wait{0}; wait < 3ms; wait += 100us) {
    std::optional<Result<void>> told;
    rig.snapshots().end_incoming(the_group, [&](Result<void> result) { told = std::move(result); });
    rig.run(wait);
    const bool ended = told && *told;
    rig.snapshots().forget(the_group);
    rig.run(10s);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->has_value(), ended);
    EXPECT_EQ(rig.files(), 0U);
    EXPECT_EQ(rig.newest(), 0U);
    ASSERT_TRUE(rig.begin(manifest));
    for (std::uint32_t piece = 0; piece < 6; ++piece) ASSERT_TRUE(put(piece));
  }
}

TEST_F(Coming, a_full_disk_keeps_the_old_and_loses_no_space) {
  ASSERT_TRUE(rig.take(10));
  for (std::uint64_t room = 0; room < 7; ++room) {
    rig.platter.limit(rig.platter.used_bytes() + room * small_piece);
    EXPECT_EQ(rig.fetch(manifest, state).error().fault, Fault::full);
    rig.run(10s);
    EXPECT_EQ(rig.newest(), 10U);
    EXPECT_EQ(rig.files(), 7U);
  }
  rig.platter.lift_limit();
  ASSERT_TRUE(rig.fetch(manifest, state));
  EXPECT_EQ(rig.newest(), 20U);
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/snapshot_store.h"

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/shelves_rig.h"

// What host/snapshot_store.h promises, of each that is one.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct EachSnapshotStore : testing::TestWithParam<SnapshotKind> {
  Result<void> put(std::uint32_t piece) {
    return rig.put(piece, SnapshotsRig::piece_of(coming, state_at(20), piece));
  }
  void put_all() {
    for (std::uint32_t piece = 0; piece < coming.pieces(); ++piece) ASSERT_TRUE(put(piece));
  }
  Shelves rig{GetParam()};
  host::Manifest coming = SnapshotsRig::manifest_of(20);  // of another node
};

TEST_P(EachSnapshotStore, what_was_taken_is_the_newest_and_is_loaded) {
  EXPECT_EQ(rig.store().newest(the_group), nullptr);
  EXPECT_EQ(rig.store().hold(the_group), nullptr);
  EXPECT_TRUE(rig.store().groups().empty());
  EXPECT_EQ(rig.load().error().fault, Fault::not_found);
  ASSERT_TRUE(rig.take(10));
  const host::Manifest* const manifest = rig.store().newest(the_group);
  ASSERT_NE(manifest, nullptr);
  EXPECT_EQ(manifest->base.id, (LogId{{3}, {10}}));
  EXPECT_EQ(manifest->base.known_in, Term{4});
  EXPECT_EQ(manifest->pieces(), 6U);
  EXPECT_EQ(manifest->identity, host::identity_of(*manifest));
  EXPECT_TRUE(host::decode_manifest(host::encode(*manifest)));  // another node takes it
  EXPECT_EQ(rig.load().value(), state_at(10));
  EXPECT_EQ(rig.store().groups(), std::vector{the_group});
}

TEST_P(EachSnapshotStore, sizes_at_the_edges_of_a_piece_come_out_as_they_went_in) {
  std::uint64_t index = 0;
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{1}, small_piece - 1,
                                    small_piece, small_piece + 1, 3 * small_piece}) {
    ++index;
    ASSERT_TRUE(rig.take(index, std::make_unique<StateReader>(state_at(index, bytes))));
    EXPECT_EQ(rig.load().value(), state_at(index, bytes));
    EXPECT_EQ(rig.store().newest(the_group)->pieces(), (bytes + small_piece - 1) / small_piece);
  }
}

TEST_P(EachSnapshotStore, a_newer_one_takes_its_place_and_an_older_one_does_not) {
  ASSERT_TRUE(rig.take(10));
  ASSERT_TRUE(rig.take(20));
  EXPECT_TRUE(rig.take(15));  // what is there covers it
  EXPECT_EQ(rig.newest(), 20U);
}

TEST_P(EachSnapshotStore, a_second_take_of_a_group_is_refused_and_those_of_others_are_not) {
  std::vector<std::string> ended;
  const auto take = [&](std::uint64_t group, std::uint64_t index) {
    rig.store().take({group}, base_at(index), std::make_unique<StateReader>(state_at(index)),
                     [&ended, group](const Result<void>& result) {
                       ended.push_back(std::to_string(group) + (result ? "" : " no"));
                     });
  };
  take(1, 10);
  take(2, 20);
  take(1, 30);
  rig.loop().run(10s);
  EXPECT_EQ(ended, (std::vector<std::string>{"1 no", "1", "2"}));
  EXPECT_EQ(rig.newest({1}), 10U);
  EXPECT_EQ(rig.newest({2}), 20U);
}

TEST_P(EachSnapshotStore, a_reader_is_asked_for_one_piece_in_a_turn) {
  auto reader = std::make_unique<StateReader>(state_at(1, 30 * small_piece));
  const auto given = reader->all_given;
  std::optional<Result<void>> done;
  rig.store().take(the_group, base_at(1), std::move(reader),
                   [&](Result<void> result) { done = std::move(result); });
  EXPECT_EQ(*given, 0U);
  while (!done) {
    const std::uint64_t before = *given;
    rig.loop().run_next();
    ASSERT_LE(*given - before, small_piece);
  }
  EXPECT_TRUE(*done);
  EXPECT_EQ(*given, 30 * small_piece);
}

TEST_P(EachSnapshotStore, a_reader_that_is_not_ready_is_asked_again_and_the_loop_goes_on) {
  auto reader = std::make_unique<StateReader>(state_at(10));
  reader->asks_for_each = 20;
  const auto asked = reader->all_asked;
  std::optional<Result<void>> done;
  rig.store().take(the_group, base_at(10), std::move(reader),
                   [&](Result<void> result) { done = std::move(result); });
  const Time from = rig.loop().now();
  std::uint64_t turns = 0;
  while (!done) {
    const std::uint64_t before = *asked;
    rig.loop().run_next();
    ASSERT_LE(*asked, before + 1) << "others have their turn between two asks";
    ++turns;
  }
  EXPECT_TRUE(*done);
  EXPECT_GT(*asked, 10 * 20U);
  EXPECT_GE(rig.loop().now() - from, *asked * 1ms) << "it does not spin";
  EXPECT_LE(turns, 3 * *asked) << "nor do others of it";
  EXPECT_EQ(rig.newest(), 10U);
}

TEST_P(EachSnapshotStore, what_waits_for_its_machine_can_be_stopped_and_others_go_on) {
  auto reader = std::make_unique<StateReader>(state_at(10));
  reader->asks_for_each = 1'000'000;
  const auto asked = reader->all_asked;
  std::optional<Result<void>> done;
  rig.store().take(the_group, base_at(10), std::move(reader),
                   [&](Result<void> result) { done = std::move(result); });
  rig.loop().run(1s);
  EXPECT_FALSE(done);
  EXPECT_GT(*asked, 100U);
  // At the very moment at which it is to be asked again, and just before that.
  const env::TimerId stops = rig.loop().timer([&] { rig.store().stop(the_group); });
  rig.loop().set(stops, rig.loop().next_at() + host::asks_again_after);
  rig.loop().run(1s);
  rig.loop().drop(stops);
  ASSERT_TRUE(done);
  EXPECT_FALSE(*done);
  const std::uint64_t before = *asked;
  rig.loop().run(1s);
  EXPECT_EQ(*asked, before);
  ASSERT_TRUE(rig.take(20));
  EXPECT_EQ(rig.newest(), 20U);
}

TEST_P(EachSnapshotStore, what_the_machine_does_not_give_is_no_snapshot) {
  ASSERT_TRUE(rig.take(10));
  auto reader = std::make_unique<StateReader>(state_at(20));
  reader->fails_after = 2 * small_piece;
  EXPECT_EQ(rig.take(20, std::move(reader)).error().fault, Fault::corrupt);
  EXPECT_EQ(rig.newest(), 10U);
  EXPECT_TRUE(rig.take(20));
}

TEST_P(EachSnapshotStore, what_somebody_holds_can_be_read_when_there_is_a_newer_one) {
  ASSERT_TRUE(rig.take(10));
  const host::HeldSnapshotPtr held = rig.store().hold(the_group);
  ASSERT_TRUE(rig.take(20));
  rig.loop().run(10s);
  EXPECT_EQ(held->manifest().base.id.index, Index{10});
  for (std::uint32_t piece = 0; piece < held->manifest().pieces(); ++piece)
    EXPECT_EQ(rig.read_piece(held, piece),
              SnapshotsRig::piece_of(held->manifest(), state_at(10), piece));
}

TEST_P(EachSnapshotStore, a_load_is_not_disturbed_by_a_newer_snapshot) {
  ASSERT_TRUE(rig.take(10, std::make_unique<StateReader>(state_at(10, 40 * small_piece))));
  std::optional<std::string> state;
  std::optional<Result<raft::Base>> loaded;
  rig.store().load(the_group, std::make_unique<StateWriter>(state),
                   [&](Result<raft::Base> base) { loaded = std::move(base); });
  ASSERT_TRUE(rig.take(20, std::make_unique<StateReader>(state_at(20, 10))));
  rig.loop().run(10s);
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_EQ((*loaded)->id.index, Index{10});
  EXPECT_EQ(state, state_at(10, 40 * small_piece));
}

TEST_P(EachSnapshotStore, a_group_that_left_leaves_nothing_and_whoever_waits_is_told) {
  ASSERT_TRUE(rig.take(10));
  ASSERT_TRUE(rig.take(10, {8}));
  std::optional<Result<void>> taken;
  rig.store().take(the_group, base_at(20), std::make_unique<StateReader>(state_at(20)),
                   [&](Result<void> result) { taken = std::move(result); });
  rig.store().forget(the_group);
  EXPECT_FALSE(taken);
  rig.loop().run(10s);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->error().fault, Fault::not_found);
  EXPECT_EQ(rig.newest(), 0U);
  EXPECT_EQ(rig.newest({8}), 10U);
  EXPECT_EQ(rig.store().groups(), std::vector{GroupId{8}});
}

TEST_P(EachSnapshotStore, a_group_that_left_is_gone_when_that_is_told_and_after_a_start_too) {
  const auto forget = [&](GroupId group) {
    return rig.answer<void>([&](auto done) { rig.store().forget(group, std::move(done)); });
  };
  EXPECT_TRUE(forget(the_group));  // there was nothing
  ASSERT_TRUE(rig.take(10));
  ASSERT_TRUE(rig.take(10, {8}));
  ASSERT_TRUE(rig.begin(coming));
  ASSERT_TRUE(put(3));
  EXPECT_TRUE(forget(the_group));
  EXPECT_EQ(rig.store().groups(), std::vector{GroupId{8}});
  EXPECT_EQ(rig.store().incoming_bytes(the_group), 0U);
  rig.kill();
  rig.start();
  EXPECT_EQ(rig.store().newest(the_group), nullptr);
  EXPECT_EQ(rig.begin(coming).value().size(), 6U);
  ASSERT_TRUE(rig.take(5));  // it may come back, and be younger than it was
  EXPECT_EQ(rig.newest(), 5U);
}

TEST_P(EachSnapshotStore, what_somebody_holds_of_a_group_that_left_is_read_to_the_end) {
  ASSERT_TRUE(rig.take(10));
  host::HeldSnapshotPtr held = rig.store().hold(the_group);
  std::optional<Result<void>> gone;
  rig.store().forget(the_group, [&](Result<void> result) { gone = std::move(result); });
  EXPECT_FALSE(gone);
  for (std::uint32_t piece = 0; piece < held->manifest().pieces(); ++piece)
    EXPECT_EQ(rig.read_piece(held, piece),
              SnapshotsRig::piece_of(held->manifest(), state_at(10), piece));
  held.reset();
  rig.loop().run(10s);
  ASSERT_TRUE(gone);
  EXPECT_TRUE(*gone);
}

// ---- what is under way

TEST_P(EachSnapshotStore, it_says_how_far_one_is_until_it_is_over) {
  constexpr std::uint64_t bytes = 30 * small_piece;
  const auto is_busy = [&](bool with) {
    return rig.store().busy() == (with ? std::set{the_group} : std::set<GroupId>{});
  };
  EXPECT_TRUE(is_busy(false));
  std::optional<Result<void>> taken;
  rig.store().take(the_group, base_at(1), std::make_unique<StateReader>(state_at(1, bytes)),
                   [&](Result<void> result) { taken = std::move(result); });
  std::uint64_t far = 0;
  for (; rig.store().taking(the_group); rig.loop().run_next()) {
    ASSERT_TRUE(is_busy(true));
    ASSERT_GE(rig.store().taking(the_group)->bytes, far);
    far = rig.store().taking(the_group)->bytes;
    ASSERT_FALSE(taken);
  }
  EXPECT_EQ(far, bytes);
  EXPECT_TRUE(is_busy(false));
  rig.loop().run(1s);
  ASSERT_TRUE(taken && *taken);
  std::optional<std::string> state;
  std::optional<Result<raft::Base>> loaded;
  rig.store().load(the_group, std::make_unique<StateWriter>(state),
                   [&](Result<raft::Base> base) { loaded = std::move(base); });
  far = 0;
  for (; rig.store().loading(the_group); rig.loop().run_next()) {
    ASSERT_TRUE(is_busy(true));
    ASSERT_GE(rig.store().loading(the_group)->bytes, far);
    far = rig.store().loading(the_group)->bytes;
    ASSERT_LE(far, bytes);
    ASSERT_EQ(rig.store().loading(the_group)->of_bytes, bytes);
  }
  EXPECT_GT(far, 0U);
  EXPECT_TRUE(is_busy(false));
  rig.loop().run(1s);
  EXPECT_TRUE(loaded && *loaded);
}

TEST_P(EachSnapshotStore, what_is_under_way_of_a_group_that_stops_ends_and_what_is_there_stays) {
  ASSERT_TRUE(rig.take(10));
  std::vector<std::string> ended;
  const auto note = [&](std::string what) {
    return [&ended, what = std::move(what)](const auto& result) {
      ended.push_back(what + (result                                     ? ""
                              : result.error().fault == Fault::not_found ? " stopped"
                                                                         : " failed"));
    };
  };
  auto reader = std::make_unique<StateReader>(state_at(20));
  const auto given = reader->all_given;
  std::optional<std::string> state;
  rig.store().take(the_group, base_at(20), std::move(reader), note("take"));
  rig.store().take({8}, base_at(20), std::make_unique<StateReader>(state_at(20)), note("other"));
  rig.store().load(the_group, std::make_unique<StateWriter>(state), note("load"));
  rig.loop().run_next();
  rig.store().stop(the_group);
  EXPECT_TRUE(ended.empty());       // never within the call
  EXPECT_EQ(given.use_count(), 1);  // the machine may end now
  EXPECT_FALSE(rig.store().taking(the_group));
  EXPECT_FALSE(rig.store().loading(the_group));
  EXPECT_FALSE(rig.store().busy().contains(the_group));
  rig.loop().run(10s);
  EXPECT_EQ(ended, (std::vector<std::string>{"take stopped", "load stopped", "other"}));
  EXPECT_FALSE(state);
  EXPECT_EQ(rig.newest(), 10U);
  EXPECT_EQ(rig.newest({8}), 20U);
  ASSERT_TRUE(rig.take(20));
  EXPECT_EQ(rig.newest(), 20U);
}

// ---- of others

TEST_P(EachSnapshotStore, pieces_in_any_order_are_a_snapshot_at_the_end) {
  EXPECT_EQ(rig.put(0, "nobody asked").error().fault, Fault::not_found);
  EXPECT_EQ(rig.end().error().fault, Fault::not_found);
  EXPECT_EQ(rig.begin(coming).value(), (host::SnapshotStore::Missing{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(rig.store().incoming_bytes(the_group), 0U);
  for (const std::uint32_t piece : {5U, 0U, 3U, 2U, 4U}) ASSERT_TRUE(put(piece));
  EXPECT_EQ(rig.store().incoming_bytes(the_group), coming.bytes - small_piece);
  EXPECT_EQ(rig.end().error().fault, Fault::not_found);
  EXPECT_EQ(rig.newest(), 0U);
  EXPECT_EQ(rig.begin(coming).value(), (host::SnapshotStore::Missing{1}));
  ASSERT_TRUE(put(1));
  ASSERT_TRUE(put(1));  // it may come again
  ASSERT_TRUE(rig.end());
  EXPECT_EQ(rig.newest(), 20U);
  EXPECT_EQ(rig.store().incoming_bytes(the_group), 0U);
  EXPECT_EQ(rig.end().error().fault, Fault::not_found);
}

TEST_P(EachSnapshotStore, a_piece_with_a_wrong_sum_is_not_kept) {
  ASSERT_TRUE(rig.begin(coming));
  std::string bad(SnapshotsRig::piece_of(coming, state_at(20), 2));
  bad[100] = static_cast<char>(bad[100] ^ 1);
  EXPECT_EQ(rig.put(2, bad).error().fault, Fault::corrupt);
  EXPECT_EQ(rig.put(2, bad.substr(1)).error().fault, Fault::corrupt);
  EXPECT_EQ(rig.put(6, bad).error().fault, Fault::corrupt);
  EXPECT_EQ(rig.begin(coming).value(), (host::SnapshotStore::Missing{0, 1, 2, 3, 4, 5}));
}

TEST_P(EachSnapshotStore, another_snapshot_takes_the_place_of_what_was_begun) {
  ASSERT_TRUE(rig.begin(coming));
  ASSERT_TRUE(put(1));
  const host::Manifest newer = SnapshotsRig::manifest_of(30);
  EXPECT_EQ(rig.begin(newer).value(), (host::SnapshotStore::Missing{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(put(1).error().fault, Fault::corrupt);
  for (std::uint32_t piece = 0; piece < newer.pieces(); ++piece)
    ASSERT_TRUE(rig.put(piece, SnapshotsRig::piece_of(newer, state_at(30), piece)));
  ASSERT_TRUE(rig.end());
  EXPECT_EQ(rig.newest(), 30U);
}

TEST_P(EachSnapshotStore, an_older_one_is_refused_and_a_newer_take_wins) {
  ASSERT_TRUE(rig.begin(coming));
  ASSERT_TRUE(rig.take(25));
  EXPECT_EQ(rig.begin(coming).error().fault, Fault::exists);
  put_all();
  ASSERT_TRUE(rig.end());  // what was begun before may end, and is of no use
  EXPECT_EQ(rig.newest(), 25U);
}

TEST_P(EachSnapshotStore, what_is_dropped_is_gone_and_may_be_begun_anew) {
  ASSERT_TRUE(rig.begin(coming));
  EXPECT_EQ(rig.store().groups(), std::vector{the_group});
  ASSERT_TRUE(put(0));
  rig.store().drop_incoming(the_group);
  EXPECT_EQ(put(1).error().fault, Fault::not_found);
  EXPECT_TRUE(rig.store().groups().empty());
  EXPECT_EQ(rig.begin(coming).value().size(), 6U);
  put_all();
  rig.store().forget(the_group);
  EXPECT_EQ(rig.end().error().fault, Fault::not_found);
  EXPECT_EQ(rig.newest(), 0U);
}

TEST_P(EachSnapshotStore, a_start_finds_all_or_nothing) {
  ASSERT_TRUE(rig.take(10));
  ASSERT_TRUE(rig.begin(coming));
  ASSERT_TRUE(put(3));
  rig.kill();
  rig.start();
  const bool there = GetParam().outlives_a_process;
  EXPECT_EQ(rig.newest(), there ? 10U : 0U);
  EXPECT_EQ(rig.begin(coming).value().size(), there ? 5U : 6U);
  put_all();
  ASSERT_TRUE(rig.end());
  EXPECT_EQ(rig.newest(), 20U);
}

INSTANTIATE_TEST_SUITE_P(stores, EachSnapshotStore, testing::Values(in_files(), in_memory()),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/host/fetching.h"
#include "bowline/host/giving.h"
#include "bowline/sim/snapshots_rig.h"

// Two nodes, of which one fetches the snapshots of the other.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

// One way of a connection; its frames come when the test says so.
struct Pipe final : host::Channel {
  void send(std::string frame) override { frames.push_back(std::move(frame)); }
  std::uint64_t queued() const override {
    std::uint64_t bytes = held_back;
    for (const std::string& frame : frames) bytes += frame.size();
    return bytes;
  }
  std::deque<std::string> frames;
  std::uint64_t held_back = 0;
};

wire::Parcel parcel_of(const std::string& bytes) {
  wire::FrameReader reader(wire::most_parcel_bytes);
  std::vector<wire::Frame> whole;
  ensure(reader.feed(bytes, whole).has_value() && whole.size() == 1);
  return *wire::parcel_in(whole.front());
}

// The nodes, and a connection if they have one. Their clocks go together.
struct TwoNodes : testing::Test {
  explicit TwoNodes(host::Snapshots::Options options = {.piece_bytes = small_piece})
      : here(2, options), there(1, options) {
    EXPECT_TRUE(here.start());
    EXPECT_TRUE(there.start());
    EXPECT_TRUE(there.take(20));
  }

  void connect(std::uint64_t at_least = 15, std::uint64_t bytes_per_second = 0) {
    pace.emplace(there.env(), bytes_per_second);
    giving.emplace(there.snapshots(), *pace, to_here, terms());
    ended.reset();
    fetching.emplace(here.snapshots(), here.loop(), to_there, the_group, LogId{{3}, {at_least}},
                     [this](Result<raft::Base> result) { ended = std::move(result); });
    fetching->begin();
  }
  void disconnect() {
    fetching.reset();
    giving.reset();
    pace.reset();
    for (Pipe* pipe : {&to_here, &to_there}) pipe->frames.clear();
  }

  host::Giving::Terms terms() {
    return {.why_not = [this](GroupId) { return why_not; }};
  }

  // One frame each way, and a little time.
  void step() {
    if (!to_there.frames.empty()) {
      const wire::Parcel parcel = parcel_of(to_there.frames.front());
      to_there.frames.pop_front();
      if (std::holds_alternative<wire::WantPiece>(parcel)) ++pieces_asked;
      if (const Result<void> heard = giving->hear(parcel); !heard) refused = heard.error().what;
    }
    if (!to_here.frames.empty()) {
      const wire::Parcel parcel = parcel_of(to_here.frames.front());
      to_here.frames.pop_front();
      if (std::holds_alternative<wire::Piece>(parcel)) ++pieces_given;
      most_in_flight = std::max(most_in_flight, pieces_asked + 1 - pieces_given);
      fetching->hear(parcel);
      if (to_here.frames.empty()) giving->drained();
    }
    here.run(50us);
    there.run(50us);
  }
  bool run(std::uint64_t steps) {
    for (std::uint64_t i = 0; i < steps && !ended; ++i) step();
    return ended.has_value();
  }
  std::string outcome() {
    if (!run(100'000)) return "it never ends";
    return *ended ? "" : (*ended).error().what;
  }
  std::uint64_t fetched() const { return fetching->progress().fetched_bytes; }

  SnapshotsRig here, there;
  Pipe to_here, to_there;
  std::optional<host::Pace> pace;
  std::optional<host::Giving> giving;
  std::optional<host::Fetching> fetching;
  std::optional<Result<raft::Base>> ended;
  std::string refused;
  std::string why_not;  // it may not be given
  std::uint64_t pieces_asked = 0;
  std::uint64_t pieces_given = 0;
  std::uint64_t most_in_flight = 0;
};

using Transfer = TwoNodes;

TEST_F(Transfer, what_one_node_has_the_other_one_gets) {
  connect();
  ASSERT_EQ(outcome(), "");
  EXPECT_EQ((*ended)->id, (LogId{{3}, {20}}));
  EXPECT_EQ(here.newest(), 20U);
  EXPECT_EQ(here.snapshots().newest(the_group)->identity,
            there.snapshots().newest(the_group)->identity);
  EXPECT_EQ(fetching->progress().pieces, 6U);
  EXPECT_EQ(fetching->progress().of_pieces, 6U);
  EXPECT_EQ(fetching->progress().bytes, state_at(20).size());
  EXPECT_EQ(fetching->progress().of_bytes, state_at(20).size());
  EXPECT_EQ(fetched(), state_at(20).size());
  EXPECT_EQ(giving->given_bytes(), state_at(20).size());
  here.lose_power(Loss::everything);
  ASSERT_TRUE(here.start());
  EXPECT_EQ(here.newest(), 20U);
}

TEST_F(Transfer, however_large_it_is_few_pieces_are_in_memory) {
  const std::uint64_t bytes = 200 * small_piece + 1;
  ASSERT_TRUE(there.take(30, std::make_unique<StateReader>(state_at(30, bytes))));
  connect();
  std::uint64_t most_queued = 0;
  for (int i = 0; i < 100'000 && !ended; ++i) {
    step();
    most_queued = std::max(most_queued, to_here.queued());
  }
  ASSERT_EQ(outcome(), "");
  EXPECT_EQ(here.newest(), 30U);
  EXPECT_LE(most_in_flight, host::Fetching::window);
  EXPECT_LE(most_queued, host::Fetching::window * (small_piece + 100));
}

TEST_F(Transfer, another_connection_brings_only_what_is_missing) {
  connect();
  while (fetched() < 3 * small_piece) step();
  const std::uint64_t had = fetching->progress().pieces;
  disconnect();
  connect();
  ASSERT_EQ(outcome(), "");
  EXPECT_GT(had, 0U);
  EXPECT_LE(fetched(), state_at(20).size() - had * small_piece);
  EXPECT_EQ(here.newest(), 20U);
}

TEST_F(Transfer, a_node_that_starts_again_needs_only_what_is_missing) {
  connect();
  while (fetched() < 3 * small_piece) step();
  disconnect();
  here.kill();
  ASSERT_TRUE(here.start());
  connect();
  ASSERT_EQ(outcome(), "");
  EXPECT_EQ(fetched(), state_at(20).size() - 3 * small_piece);
  EXPECT_EQ(fetching->progress().bytes, state_at(20).size());
  EXPECT_EQ(here.newest(), 20U);
}

TEST_F(Transfer, what_is_being_fetched_stays_although_there_is_a_newer_one) {
  connect();
  run(20);
  ASSERT_TRUE(there.take(30));
  ASSERT_EQ(outcome(), "");
  EXPECT_EQ(here.newest(), 20U);
  EXPECT_EQ(there.files(), 14U);
  disconnect();
  there.run(10s);
  EXPECT_EQ(there.files(), 7U);
  connect();
  ASSERT_EQ(outcome(), "");
  EXPECT_EQ(here.newest(), 30U);
}

TEST_F(Transfer, after_a_break_there_may_be_only_a_newer_one) {
  connect();
  run(20);
  disconnect();
  ASSERT_TRUE(there.take(30));
  connect();
  ASSERT_EQ(outcome(), "");
  EXPECT_EQ(here.newest(), 30U);
  here.run(10s);
  EXPECT_EQ(here.files(), 7U);
}

TEST_F(Transfer, who_has_only_an_older_one_says_so) {
  connect(21);
  EXPECT_EQ(
      outcome(),
      "fetching a snapshot of group 7: the other node says: the newest one here ends at entry "
      "20");
  disconnect();
  there.snapshots().forget(the_group);
  connect();
  EXPECT_EQ(
      outcome(),
      "fetching a snapshot of group 7: the other node says: there is none of this group here");
}

TEST_F(Transfer, who_may_not_have_it_is_told_why) {
  why_not = "node 2 is no member of the group";
  connect();
  EXPECT_EQ(
      outcome(),
      "fetching a snapshot of group 7: the other node says: node 2 is no member of the group");
  EXPECT_EQ(giving->given_bytes(), 0U);
}

TEST_F(Transfer, who_was_removed_in_the_midst_of_it_is_given_no_more) {
  connect();
  while (fetched() < 2 * small_piece) step();
  why_not = "node 2 is no member of the group";
  EXPECT_EQ(outcome(),
            "fetching a snapshot of group 7: the other node does not have all of it any more");
  EXPECT_LT(giving->given_bytes(), state_at(20).size());
}

TEST_F(Transfer, one_that_we_took_meanwhile_will_do) {
  ASSERT_TRUE(here.take(25));
  connect();
  ASSERT_EQ(outcome(), "");
  EXPECT_EQ((*ended)->id.index, Index{25});
  EXPECT_EQ(pieces_asked, 0U);
}

TEST_F(Transfer, a_piece_that_was_changed_on_the_way_is_not_kept) {
  connect();
  while (to_here.frames.empty() ||
         !std::holds_alternative<wire::Piece>(parcel_of(to_here.frames.front())))
    step();
  auto piece = std::get<wire::Piece>(parcel_of(to_here.frames.front()));
  std::string bytes(piece.bytes.view());
  bytes[5] = static_cast<char>(bytes[5] ^ 1);
  to_here.frames.front() = wire::piece_frame(piece.group, piece.identity, piece.number, bytes);
  run(100'000);
  ASSERT_TRUE(ended && !*ended);
  EXPECT_EQ(ended->error().fault, Fault::corrupt);
  EXPECT_EQ(here.newest(), 0U);
  disconnect();
  connect();
  EXPECT_EQ(outcome(), "");
  EXPECT_EQ(here.newest(), 20U);
}

TEST_F(Transfer, a_piece_that_rotted_ends_it_and_is_not_offered_again) {
  ASSERT_TRUE(
      there.platter.flip(host::piece_file(there.snapshots().whole(the_group)->name(), 4), 9, 1));
  connect();
  EXPECT_EQ(outcome(),
            "fetching a snapshot of group 7: the other node does not have all of it any more");
  disconnect();
  connect();
  EXPECT_TRUE(outcome().contains("there is none of this group here"));
}

TEST_F(Transfer, what_nobody_asked_for_ends_it) {
  const std::vector<wire::Parcel> strange = {
      wire::Piece{the_group, 1, 0, Bytes::copy("x")}, wire::WantSnapshot{the_group, {}},
      wire::HaveSnapshot{the_group, Bytes::copy("no manifest")}};
  for (const wire::Parcel& parcel : strange) {
    connect();
    fetching->hear(parcel);
    EXPECT_FALSE(ended);
    run(10);
    ASSERT_TRUE(ended && !*ended);
    EXPECT_EQ(ended->error().fault, Fault::corrupt);
    disconnect();
  }
  connect();
  EXPECT_FALSE(giving->hear(strange[0]));
}

TEST_F(Transfer, a_piece_that_comes_twice_ends_it) {
  connect();
  while (fetched() == 0) step();
  const host::Manifest& manifest = *there.snapshots().newest(the_group);
  const std::string first(SnapshotsRig::piece_of(manifest, state_at(20), 0));
  fetching->hear(wire::Piece{the_group, manifest.identity, 0, Bytes::copy(first)});
  run(10);
  ASSERT_TRUE(ended && !*ended);
  EXPECT_EQ(ended->error().fault, Fault::corrupt);
}

TEST_F(Transfer, who_asks_for_too_much_at_once_is_refused) {
  connect();
  run(3);
  const std::uint64_t identity = there.snapshots().newest(the_group)->identity;
  std::size_t taken = 0;
  while (taken < 100 && giving->hear(wire::WantPiece{the_group, identity, 0})) ++taken;
  EXPECT_LE(taken, host::Giving::most_asked);
  giving.emplace(there.snapshots(), *pace, to_here, terms());
  EXPECT_TRUE(giving->hear(wire::WantSnapshot{the_group, {}}));
  EXPECT_FALSE(giving->hear(wire::WantPiece{the_group, identity, 6}));
}

TEST_F(Transfer, nothing_is_read_while_the_channel_is_full) {
  connect();
  to_here.held_back = host::Giving::most_queued;
  run(1000);
  EXPECT_EQ(pieces_given, 0U);
  to_here.held_back = 0;
  giving->drained();
  EXPECT_EQ(outcome(), "");
}

TEST_F(Transfer, a_full_disk_ends_it_and_keeps_nothing) {
  here.platter.limit(4 * small_piece);
  connect();
  run(100'000);
  ASSERT_TRUE(ended && !*ended);
  EXPECT_EQ(ended->error().fault, Fault::full);
  here.run(10s);
  EXPECT_EQ(here.files(), 0U);
}

TEST_F(Transfer, all_who_give_share_one_pace) {
  connect(15, 10 * small_piece);
  Pipe other;
  host::Giving second(there.snapshots(), *pace, other, terms());
  ASSERT_TRUE(second.hear(wire::WantSnapshot{the_group, {}}));
  const std::uint64_t identity = there.snapshots().newest(the_group)->identity;
  for (std::uint32_t piece = 0; piece < 6; ++piece)
    ASSERT_TRUE(second.hear(wire::WantPiece{the_group, identity, piece}));
  const Time before = there.loop().now();
  ASSERT_EQ(outcome(), "");
  there.run(10s);
  EXPECT_GT(there.loop().now() - before, 900ms);
  EXPECT_EQ(other.frames.size(), 7U);
}

// Each of them had asked for a piece, which takes a tenth of a second.
TEST_F(Transfer, who_is_gone_takes_nothing_of_the_pace) {
  connect(15, 10 * small_piece);
  const std::uint64_t identity = there.snapshots().newest(the_group)->identity;
  Pipe other;
  std::deque<host::Giving> gone;
  for (int i = 0; i < 10; ++i) {
    host::Giving& another = gone.emplace_back(there.snapshots(), *pace, other, terms());
    ASSERT_TRUE(another.hear(wire::WantSnapshot{the_group, {}}));
    ASSERT_TRUE(another.hear(wire::WantPiece{the_group, identity, 0}));
  }
  gone.clear();
  const Time before = there.loop().now();
  ASSERT_EQ(outcome(), "");
  EXPECT_LT(there.loop().now() - before, 700ms);
}

// Connections break, the power fails here and there, newer snapshots are taken: in the end it is
// there, whole.
TEST(Transfers, whatever_happens_it_ends_well) {
  std::uint64_t blows = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    struct Trial : TwoNodes {
      void TestBody() override {}
    } trial;
    Prng prng(seed);
    std::uint64_t newest = 20;
    for (int i = 0; i < 12; ++i) {
      trial.connect();
      if (trial.run(prng.below(120)) && *trial.ended) break;
      trial.disconnect();
      SnapshotsRig& rig = prng.chance(70) ? trial.here : trial.there;
      const std::uint64_t what = prng.below(4);
      ++blows;
      if (what == 0) rig.kill();
      if (what == 1) rig.lose_power();
      if (what <= 1) {
        ASSERT_TRUE(rig.start());
      }
      if (what == 2 && prng.chance(30)) {
        ASSERT_TRUE(trial.there.take(++newest));
      }
    }
    trial.disconnect();
    trial.connect(newest);
    ASSERT_EQ(trial.outcome(), "") << "seed " << seed;
    EXPECT_EQ(trial.here.newest(), newest);
    trial.disconnect();
    trial.here.lose_power(Loss::everything);
    ASSERT_TRUE(trial.here.start());
    EXPECT_EQ(trial.here.newest(), newest);
    trial.here.run(10s);
    EXPECT_EQ(trial.here.files(), 7U);
  }
  EXPECT_GT(blows, 100U);
}

}  // namespace
}  // namespace bowline::sim

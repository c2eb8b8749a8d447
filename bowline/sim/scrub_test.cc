// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <set>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"
#include "bowline/sim/scrub_rig.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

Decay any_decay(Prng& prng) { return static_cast<Decay>(prng.below(decays)); }

TEST(Scrubber, looks_at_all_that_is_cold_and_finds_nothing_where_nothing_is) {
  ScrubRig old(1);
  std::uint64_t batches = 0;
  for (const std::uint64_t segment : old.cold()) batches += old.batches(segment).size();
  const std::uint64_t written = old.rig.platter.counters().written_bytes;
  const auto& scrubbed = old.rig.log().scrubbed();
  old.rig.loop().run_until([&] { return scrubbed.rounds == 1; }, 100s);
  ASSERT_EQ(scrubbed.rounds, 1U);
  EXPECT_EQ(scrubbed.whole, batches);
  EXPECT_EQ(scrubbed.mended + scrubbed.damaged, 0U);
  EXPECT_TRUE(scrubbed.found.empty());
  EXPECT_EQ(*scrubbed.round_ended, old.rig.loop().now());
  EXPECT_EQ(old.rig.platter.counters().written_bytes, written);
}

TEST(Scrubber, never_runs_if_its_rate_is_zero) {
  wal::Options options = scrub_options();
  options.scrub_bytes_per_second = 0;
  ScrubRig old(1, options);
  const std::uint64_t reads = old.rig.platter.counters().reads;
  old.rig.run(100s);
  EXPECT_EQ(old.rig.platter.counters().reads, reads);
  EXPECT_EQ(old.rig.log().scrubbed().rounds, 0U);
}

TEST(Scrubber, one_bad_block_of_each_batch_is_made_again_in_its_place) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    ScrubRig old(seed);
    Prng prng(seed);
    std::uint64_t hurt = 0;
    std::map<std::uint64_t, std::string> before;
    for (const std::uint64_t segment : old.cold()) {
      before[segment] = old.content(segment);
      for (const wal::Batch& batch : old.batches(segment)) {
        old.hurt(segment, batch.block + prng.below(batch.blocks), any_decay(prng));
        ++hurt;
      }
    }
    old.scrub();
    const wal::Scrubbed& scrubbed = old.rig.log().scrubbed();
    EXPECT_EQ(scrubbed.mended, hurt) << seed;
    EXPECT_EQ(scrubbed.damaged, 0U) << seed;
    EXPECT_EQ(scrubbed.found.size(), hurt) << seed;
    EXPECT_TRUE(old.rig.lost.empty()) << seed;
    for (const auto& [segment, bytes] : before) EXPECT_TRUE(old.content(segment) == bytes) << seed;
    const std::uint64_t rounds = scrubbed.rounds;
    old.scrub();
    EXPECT_GT(scrubbed.rounds, rounds) << seed;
    EXPECT_EQ(scrubbed.mended, hurt) << seed;
    EXPECT_EQ(old.audit(), "") << seed;
    EXPECT_EQ(old.rig.opened()->mended, 0U) << seed;
  }
}

// Two to all blocks of some batches, with or without their table. Then whatever nobody told of can
// be read.
TEST(Scrubber, more_bad_blocks_are_reported_and_nothing_else_is_lost) {
  std::uint64_t lost = 0;
  std::uint64_t damaged = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    ScrubRig old(seed);
    Prng prng(seed);
    const auto cold = old.cold();
    const std::uint64_t segment = cold[prng.below(cold.size())];
    const auto batches = old.batches(segment);
    const wal::Batch& batch = batches[prng.below(batches.size())];
    std::set<std::uint64_t> blocks;
    for (std::uint64_t n = 2 + prng.below(batch.blocks - 1); blocks.size() < n;)
      blocks.insert(batch.block + prng.below(batch.blocks));
    for (const std::uint64_t block : blocks) old.hurt(segment, block, any_decay(prng));
    old.scrub();
    ASSERT_EQ(old.rig.wrong, "") << seed;
    const wal::Scrubbed& scrubbed = old.rig.log().scrubbed();
    ASSERT_GE(scrubbed.damaged, 1U) << seed;
    EXPECT_EQ(scrubbed.mended, 0U) << seed;
    EXPECT_EQ(scrubbed.found.front().segment, segment);
    EXPECT_EQ(scrubbed.found.front().batch.block, batch.block);
    damaged += scrubbed.damaged;
    const auto reported = old.rig.lost;
    for (const auto& [group, damage] : reported) {
      for (const raft::Stretch& some : damage.stretches()) lost += some.last - some.first + 1;
      old.rig.repair(group, old.next());
    }
    ASSERT_TRUE(old.rig.drain(60s)) << seed;
    EXPECT_EQ(old.audit(), "") << seed;
  }
  EXPECT_GT(lost, 200U);
  EXPECT_GT(damaged, 200U);
}

TEST(Scrubber, what_is_in_memory_is_written_again_and_nobody_has_to_send_it) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    wal::Options options = scrub_options();
    options.tail_bytes = 1 << 20;
    ScrubRig old(seed, options);
    for (const std::uint64_t segment : old.cold())
      for (const wal::Batch& batch : old.batches(segment))
        for (std::uint64_t i = 0; i < batch.blocks; ++i)
          if ((seed + batch.number) % 3 == 0) old.hurt(segment, batch.block + i, Decay::sector);
    old.scrub();
    EXPECT_GT(old.rig.log().scrubbed().damaged, 0U) << seed;
    EXPECT_TRUE(old.rig.lost.empty()) << seed;
    EXPECT_EQ(old.audit(), "") << seed;
  }
}

// Votes and bases, cuts and what is left of the entries: all of it has to leave.
TEST(Scrubber, a_segment_with_a_damaged_batch_is_emptied_and_goes) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    ScrubRig old(seed);
    Prng prng(seed);
    const std::uint64_t segment = old.cold().back();
    const auto batches = old.batches(segment);
    const wal::Batch& batch = batches[prng.below(batches.size())];
    for (std::uint64_t i = 0; i < batch.blocks; ++i)
      old.hurt(segment, batch.block + i, any_decay(prng));
    old.scrub();
    const auto reported = old.rig.lost;
    for (const auto& [group, damage] : reported) old.rig.repair(group, old.next());
    for (std::uint64_t i = 0; i < 400 && old.cold().front() <= segment; ++i) old.write_some();
    EXPECT_GT(old.cold().front(), segment) << seed;
    EXPECT_EQ(old.audit(), "") << seed;
    EXPECT_EQ(old.rig.opened()->damaged, 0U) << seed;
  }
}

TEST(Scrubber, reads_no_faster_than_it_was_told) {
  for (const std::uint64_t rate : {50'000U, 300'000U, 2'000'000U}) {
    for (const bool bad : {false, true}) {
      wal::Options options = scrub_options();
      options.scrub_bytes_per_second = rate;
      options.scrub_every = 1ms;
      ScrubRig old(rate, options);
      if (bad) old.hurt(old.cold()[1], 3, Decay::unreadable);
      const Platter::Counters& disk = old.rig.platter.counters();
      const std::uint64_t before = disk.read_bytes;
      const std::uint64_t told_before = old.rig.log().scrubbed().bytes;
      const Time began = old.rig.loop().now();
      constexpr std::uint64_t piece = 64 << 10;
      while (old.rig.loop().now() - began < 20s) {
        old.rig.run(Duration(7'300'000));
        const auto passed = static_cast<std::uint64_t>((old.rig.loop().now() - began).count());
        const std::uint64_t most = passed * rate / 1'000'000'000 + 5 * piece;
        ASSERT_LE(disk.read_bytes - before, most) << rate;
        ASSERT_LE(old.rig.log().scrubbed().bytes - told_before, most) << rate;
      }
      EXPECT_GT(disk.read_bytes - before, rate * 20 / 2) << rate;
    }
  }
}

TEST(Scrubber, a_disk_that_was_wrong_only_once_is_not_written_to) {
  for (const Mishap mishap : {Mishap::flipped_read, Mishap::misdirected_read, Mishap::failed_read})
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      ScrubRig old(seed);
      const Platter::Counters& disk = old.rig.platter.counters();
      const std::uint64_t written = disk.written_bytes;
      old.rig.platter.arrange(mishap, wal::segment_name(old.cold()[seed % 3]));
      old.scrub();
      EXPECT_EQ(disk.of(mishap), 1U) << name(mishap);
      EXPECT_EQ(disk.written_bytes, written) << name(mishap) << ' ' << seed;
      EXPECT_EQ(old.rig.log().scrubbed().damaged, 0U) << name(mishap) << ' ' << seed;
    }
}

TEST(Scrubber, a_write_that_fails_ends_the_process_like_any_other) {
  ScrubRig old(1);
  const std::uint64_t segment = old.cold()[1];
  old.hurt(segment, 2, Decay::bit);
  old.rig.platter.arrange(Mishap::failed_write, wal::segment_name(segment));
  old.rig.run(ScrubRig::period);
  ASSERT_TRUE(old.rig.broken);
  const std::uint64_t reads = old.rig.platter.counters().reads;
  old.rig.run(ScrubRig::period);
  EXPECT_EQ(old.rig.platter.counters().reads, reads);
  old.rig.kill();
  ASSERT_TRUE(old.rig.start()) << old.rig.refused;
  EXPECT_EQ(old.audit(), "");
}

// The power fails at each boundary of each operation from the rot to its repair, and in each way.
TEST(Scrubber, a_power_failure_while_a_block_is_made_again_loses_nothing) {
  std::uint64_t crashes = 0;
  std::uint64_t still_bad = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    ScrubRig old(seed);
    Prng prng(seed);
    const std::uint64_t segment = old.cold()[prng.below(3)];
    const auto batches = old.batches(segment);
    const wal::Batch& batch = batches[prng.below(batches.size())];
    const std::uint64_t block = batch.block + prng.below(batch.blocks);
    const Decay decay = any_decay(prng);
    old.rig.crash(Loss::nothing);
    bool met = true;
    for (std::uint64_t point = 1; met; ++point) {
      for (std::uint64_t way = 0; way < 12; ++way) {
        LogRig rig = old.rig.copy(seed * 1000 + way);
        ScrubRig again(std::move(rig));
        ASSERT_TRUE(again.rig.start()) << again.rig.refused;
        again.hurt(segment, block, decay);
        met = again.lose_power_at(point, way);
        if (!met) break;
        ++crashes;
        ASSERT_TRUE(again.rig.start()) << again.rig.refused;
        still_bad += again.rig.opened()->mended;
        ASSERT_EQ(again.rig.opened()->damaged, 0U) << seed << ' ' << point << ' ' << way;
        again.check_all();
        ASSERT_EQ(again.rig.wrong, "") << seed << ' ' << point << ' ' << way;
      }
    }
  }
  EXPECT_GT(crashes, 200U);
  EXPECT_GT(still_bad, 50U);
}

// Else what takes its place on the disk could be hit.
TEST(Scrubber, a_segment_stays_until_nothing_is_written_in_it_any_more) {
  std::uint64_t waited = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    ScrubRig old(seed);
    const std::uint64_t segment = old.cold().front();
    const wal::Scrubbed& scrubbed = old.rig.log().scrubbed();
    const Platter::Counters& disk = old.rig.platter.counters();
    const std::uint64_t writes = disk.writes;
    old.hurt(segment, 2, Decay::bit);
    old.rig.climate.write = 100ms;
    ASSERT_TRUE(old.rig.loop().run_until([&] { return disk.writes > writes; }, 10s));
    for (std::uint64_t group = 1; group <= ScrubRig::groups; ++group)
      old.compact({group}, old.rig.shadow({group}).written().last());
    old.rig.flush();
    while (scrubbed.mended == 0) {
      old.rig.run(2ms);
      if (!old.rig.log().idle() || scrubbed.mended > 0) continue;
      ++waited;
      ASSERT_EQ(old.cold().front(), segment) << seed;
    }
    old.rig.run(1s);
    EXPECT_TRUE(old.cold().empty()) << seed;
  }
  EXPECT_GT(waited, 100U);
}

// It becomes needless while it is read, while it is mended, or while it is emptied.
TEST(Scrubber, a_segment_may_go_while_it_is_looked_at) {
  std::uint64_t waited = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    ScrubRig old(seed);
    Prng prng(seed);
    old.rig.climate.write = Duration(prng.below(40'000'000));
    old.rig.climate.read = Duration(prng.below(40'000'000));
    const auto cold = old.cold();
    for (std::uint64_t i = prng.below(4); i > 0; --i)
      old.hurt(cold[prng.below(2)], prng.below(6), any_decay(prng));
    old.rig.run(1s + Duration(prng.below(400'000'000)));
    const std::uint64_t mended = old.rig.log().scrubbed().mended;
    for (std::uint64_t group = 1; group <= ScrubRig::groups; ++group)
      old.compact({group}, old.rig.shadow({group}).written().last());
    ASSERT_TRUE(old.rig.drain(60s)) << seed;
    if (old.rig.log().scrubbed().mended > mended) ++waited;
    old.scrub();
    EXPECT_FALSE(old.rig.broken) << seed;
    EXPECT_TRUE(old.cold().empty()) << seed;
    EXPECT_EQ(old.audit(), "") << seed;
  }
  EXPECT_GT(waited, 3U);
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/mishap.h"

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "bowline/sim/disk_rig.h"

// What goes wrong with a disk while it has power: each by command, and each by chance.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;
using env::block_bytes;
using env::Sync;

struct Mishaps : testing::Test {
  DiskRig rig;
  DiskRig::FilePtr file = rig.durable_file("a", 4);
  // What one sees in the file, and what the power would leave.
  std::string seen() {
    std::string letters;
    for (std::uint64_t block = 0; block < 4; ++block) letters += rig.seen(*file, block);
    return letters;
  }
  std::string left() {
    std::string letters;
    for (std::uint64_t block = 0; block < 4; ++block) letters += rig.left("a", block);
    return letters;
  }
};

TEST_F(Mishaps, a_failed_sync_leaves_pages_clean_that_are_not_durable) {
  ASSERT_TRUE(rig.write(*file, 0, 'x'));
  rig.platter.arrange(Mishap::failed_sync, "a");
  EXPECT_EQ(rig.sync(*file).error().fault, Fault::io);
  EXPECT_FALSE(rig.platter.is_durable("a", 0, block_bytes));
  ASSERT_TRUE(rig.sync(*file));  // and that proves nothing
  EXPECT_EQ(left(), "0000");
  EXPECT_EQ(seen(), "x000");
  EXPECT_FALSE(rig.platter.is_durable("a", 0, block_bytes));
  rig.kill();
  file = std::move(*rig.open("a"));
  EXPECT_EQ(seen(), "x000");
  rig.lose_power(Loss::nothing);
  file = std::move(*rig.open("a"));
  EXPECT_EQ(seen(), "0000");
}

TEST_F(Mishaps, a_failed_sync_says_nothing_of_later_writes) {
  rig.climate.sync = 1000s;
  ASSERT_TRUE(rig.write(*file, 0, 'x'));
  rig.platter.arrange(Mishap::failed_sync);
  bool failed = false;
  file->sync([&](Result<void> result) { failed = !result; });
  ASSERT_TRUE(rig.write(*file, 1, 'y'));
  rig.loop().run(100000s);
  ASSERT_TRUE(failed);
  rig.climate.sync = 1ms;
  ASSERT_TRUE(rig.sync(*file));
  EXPECT_EQ(left(), "0y00");
}

TEST_F(Mishaps, a_failed_sync_of_some_file_systems_shows_the_old) {
  std::set<std::string> outcomes;
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(rig.write(*file, 0, 'x'));
    rig.platter.arrange(Mishap::failed_sync);
    ASSERT_FALSE(rig.sync(*file));
    outcomes.insert(seen());
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"0000", "x000"}));
}

TEST_F(Mishaps, a_write_whose_own_sync_fails_is_seen_and_not_durable) {
  rig.platter.arrange(Mishap::failed_sync);
  EXPECT_EQ(rig.write(*file, 1, 'x', 1, Sync::yes).error().fault, Fault::io);
  ASSERT_TRUE(rig.sync(*file));
  EXPECT_EQ(left(), "0000");
  EXPECT_FALSE(rig.platter.is_durable("a", block_bytes, block_bytes));
  rig.lose_power(Loss::nothing);
  file = std::move(*rig.open("a"));
  EXPECT_EQ(seen(), "0000");
}

TEST_F(Mishaps, a_lying_sync_is_no_sync_but_the_next_one_may_be) {
  for (const Sync sync : {Sync::no, Sync::yes}) {
    rig.platter.arrange(Mishap::lying_sync, "a");
    ASSERT_TRUE(rig.write(*file, 0, sync == Sync::yes ? 'y' : 'x', 1, sync));
    if (sync == Sync::no) {
      ASSERT_TRUE(rig.sync(*file));
    }
    EXPECT_NE(rig.left("a", 0), rig.seen(*file, 0));
    EXPECT_FALSE(rig.platter.is_durable("a", 0, block_bytes));
    ASSERT_TRUE(rig.sync(*file));
    EXPECT_EQ(left(), sync == Sync::yes ? "y000" : "x000");
  }
  EXPECT_EQ(rig.platter.counters().of(Mishap::lying_sync), 2U);
}

TEST_F(Mishaps, name_syncs_fail_and_lie_as_well) {
  ASSERT_TRUE(rig.create("b", block_bytes));
  rig.platter.arrange(Mishap::lying_sync);
  ASSERT_TRUE(rig.sync_names());
  EXPECT_EQ(rig.platter.list_durable().size(), 1U);
  ASSERT_TRUE(rig.sync_names());
  EXPECT_EQ(rig.platter.list_durable().size(), 2U);
  ASSERT_TRUE(rig.create("c", block_bytes));
  rig.platter.arrange(Mishap::failed_sync);
  EXPECT_EQ(rig.sync_names().error().fault, Fault::io);
  ASSERT_TRUE(rig.sync_names());
  EXPECT_EQ(rig.platter.list().size(), 3U);
  EXPECT_EQ(rig.platter.list_durable().size(), 2U);
  EXPECT_TRUE(rig.platter.is_durable("b", 0, 1));
  EXPECT_FALSE(rig.platter.is_durable("c", 0, 1));
}

TEST_F(Mishaps, a_failed_write_leaves_some_of_its_first_sectors) {
  std::set<std::string> outcomes;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(rig.write(*file, 0, 'o', 2, Sync::yes));
    rig.platter.arrange(Mishap::failed_write);
    EXPECT_EQ(rig.write(*file, 0, 'n', 2, Sync::yes).error().fault, Fault::io);
    const auto read = rig.read(*file, 0, 2);
    std::string sectors;
    for (std::size_t at = 0; at < read->size(); at += sector_bytes)
      sectors += DiskRig::letter_of(read->view().substr(at, sector_bytes));
    EXPECT_EQ(sectors.find("on"), std::string::npos);
    outcomes.insert(sectors);
    EXPECT_EQ(left(), "oo00");
  }
  EXPECT_EQ(outcomes.size(), 2 * block_sectors + 1);
}

TEST_F(Mishaps, a_lost_write_is_reported_done) {
  for (const Sync sync : {Sync::no, Sync::yes}) {
    rig.platter.arrange(Mishap::lost_write);
    ASSERT_TRUE(rig.write(*file, 0, 'x', 1, sync));
    ASSERT_TRUE(rig.sync(*file));
    EXPECT_EQ(seen(), "0000");
    EXPECT_EQ(left(), "0000");
  }
}

TEST_F(Mishaps, a_misdirected_write_hits_other_blocks_of_this_file_or_another) {
  const auto other = rig.durable_file("b", 4);
  std::set<std::string> outcomes;
  for (int i = 0; i < 60; ++i) {
    for (env::File* each : {file.get(), other.get()})
      ASSERT_TRUE(rig.write(*each, 0, '_', 4, Sync::yes));
    rig.platter.arrange(Mishap::misdirected_write, "a");
    ASSERT_TRUE(rig.write(*file, 1, 'x', 1, Sync::yes));
    std::string outcome = left() + " ";
    for (std::uint64_t block = 0; block < 4; ++block) outcome += rig.left("b", block);
    EXPECT_EQ(std::ranges::count(outcome, 'x'), 1);
    outcomes.insert(outcome);
  }
  EXPECT_FALSE(outcomes.contains("_x__ ____"));
  EXPECT_EQ(outcomes.size(), 7U);
}

TEST_F(Mishaps, a_misdirected_write_does_not_disturb_one_that_means_that_place) {
  rig.durable_file("b", 2).reset();
  for (int i = 0; i < 20; ++i) {
    rig.platter.arrange(Mishap::misdirected_write);
    int done = 0;
    for (std::uint64_t block = 0; block < 4; ++block)
      file->write(block * block_bytes, rig.letters('x'), Sync::yes,
                  [&](Result<void>, env::Buffer) { ++done; });
    rig.loop().run(1s);
    ASSERT_EQ(done, 4);
  }
}

TEST_F(Mishaps, a_sector_that_cannot_be_read_fails_its_block_until_it_is_written) {
  ASSERT_TRUE(rig.write(*file, 0, 'x', 4, Sync::yes));
  ASSERT_TRUE(rig.platter.spoil("a", block_sectors + 7, 1));
  EXPECT_EQ(rig.read(*file, 0, 4).error().fault, Fault::io);
  EXPECT_EQ(seen(), "x!xx");
  EXPECT_EQ(seen(), "x!xx");
  rig.lose_power({});
  file = std::move(*rig.open("a"));
  EXPECT_EQ(seen(), "x!xx");
  ASSERT_TRUE(rig.write(*file, 1, 'y'));
  EXPECT_EQ(seen(), "xyxx");
  ASSERT_TRUE(rig.platter.spoil("a", 0, 1, true));
  EXPECT_EQ(seen(), "!yxx");
  EXPECT_EQ(seen(), "xyxx");
  EXPECT_FALSE(rig.platter.spoil("a", 4 * block_sectors, 1));
  EXPECT_FALSE(rig.platter.spoil("b", 0, 1));
}

TEST_F(Mishaps, reads_may_fail_flip_a_bit_or_come_from_elsewhere_for_once) {
  ASSERT_TRUE(rig.write(*file, 0, 'x', 1, Sync::yes));
  rig.platter.arrange(Mishap::failed_read);
  EXPECT_EQ(rig.seen(*file, 0), '!');
  EXPECT_EQ(rig.seen(*file, 0), 'x');
  rig.platter.arrange(Mishap::flipped_read);
  const auto read = rig.read(*file, 0);
  EXPECT_EQ(std::ranges::count(read->view(), 'x'), static_cast<std::ptrdiff_t>(block_bytes - 1));
  EXPECT_EQ(rig.seen(*file, 0), 'x');
  rig.platter.arrange(Mishap::misdirected_read);
  EXPECT_EQ(rig.seen(*file, 0), '0');
  EXPECT_EQ(rig.seen(*file, 0), 'x');
}

TEST_F(Mishaps, rot_changes_what_is_on_the_disk) {
  ASSERT_TRUE(rig.write(*file, 0, 'x', 4, Sync::yes));
  ASSERT_TRUE(rig.platter.flip("a", block_bytes + 5, 0));
  EXPECT_EQ((*rig.platter.durable("a", block_bytes, block_bytes))[5], 'y');
  EXPECT_EQ(rig.read(*file, 1)->view()[5], 'y');
  EXPECT_EQ(left(), "x?xx");
  ASSERT_TRUE(rig.platter.flip("a", block_bytes + 5, 0));
  EXPECT_EQ(left(), "xxxx");
  ASSERT_TRUE(rig.platter.rot("a", 2 * block_sectors - 1, 2));
  EXPECT_EQ(left(), "x??x");
  const std::string rotten = *rig.platter.durable("a", block_bytes, 2 * block_bytes);
  EXPECT_EQ(rotten.substr(0, 7 * sector_bytes), std::string(7 * sector_bytes, 'x'));
  EXPECT_EQ(rotten.substr(9 * sector_bytes), std::string(7 * sector_bytes, 'x'));
  EXPECT_FALSE(rig.platter.flip("a", 4 * block_bytes, 0));
  EXPECT_FALSE(rig.platter.rot("a", 4 * block_sectors - 1, 2));
}

TEST_F(Mishaps, what_rots_under_a_newer_page_is_healed_when_that_is_synced) {
  ASSERT_TRUE(rig.write(*file, 0, 'x'));
  ASSERT_TRUE(rig.platter.flip("a", 0, 0));
  EXPECT_EQ(seen(), "x000");
  EXPECT_EQ(left(), "?000");
  ASSERT_TRUE(rig.sync(*file));
  EXPECT_EQ(left(), "x000");
}

TEST_F(Mishaps, a_disk_may_be_full_for_once) {
  rig.platter.arrange(Mishap::full, "b");
  ASSERT_TRUE(rig.create("c", block_bytes));
  EXPECT_EQ(rig.create("b", block_bytes).error().fault, Fault::full);
  EXPECT_EQ(rig.open("b").error().fault, Fault::not_found);
  ASSERT_TRUE(rig.create("b", block_bytes));
}

TEST_F(Mishaps, operations_may_be_slow_or_hang) {
  const auto takes = [&] {
    const Time before = rig.loop().now();
    EXPECT_TRUE(rig.write(*file, 0, 'x'));
    return rig.loop().now() - before;
  };
  EXPECT_LT(takes(), 1ms);
  rig.platter.arrange(Mishap::hung, "b");  // no such file: never happens
  rig.platter.arrange(Mishap::hung, "a");
  EXPECT_GE(takes(), 30s);
  EXPECT_LT(takes(), 1ms);
  rig.climate.slow = 1000s;
  rig.climate.of(Mishap::slow) = 1'000'000;
  const Time before = rig.loop().now();
  file->sync([](Result<void>) {});
  EXPECT_GT(rig.loop().next_at() - before, 100ms);
  rig.climate.of(Mishap::slow) = 0;
  rig.climate.slower = 5ms;
  EXPECT_GE(takes(), 5ms);
}

TEST_F(Mishaps, what_is_arranged_happens_as_often_as_it_was_said) {
  rig.platter.arrange(Mishap::failed_read, "a", 2);
  EXPECT_EQ(seen(), "!!00");
}

TEST_F(Mishaps, nothing_happens_that_is_not_allowed) {
  std::string asked;
  rig.platter.guard([&](Mishap mishap, std::string_view name, Stretch stretch) {
    asked = std::string(sim::name(mishap)) + " " + std::string(name) + " " +
            std::to_string(stretch.offset) + "+" + std::to_string(stretch.bytes);
    return false;
  });
  EXPECT_FALSE(rig.platter.flip("a", 17, 0));
  EXPECT_EQ(asked, "rot a 17+1");
  EXPECT_FALSE(rig.platter.rot("a", 2, 3));
  EXPECT_EQ(asked, "rot a 1024+1536");
  EXPECT_FALSE(rig.platter.spoil("a", 0, 1));
  EXPECT_EQ(asked, "spoilt a 0+512");
  rig.platter.arrange(Mishap::lost_write, "a");
  ASSERT_TRUE(rig.write(*file, 2, 'x', 2));
  EXPECT_EQ(asked, "lost write a 8192+8192");
  EXPECT_EQ(seen(), "00xx");
  for (std::uint32_t& ppm : rig.climate.ppm) ppm = 1'000'000;
  ASSERT_TRUE(rig.write(*file, 0, 'y', 1, Sync::yes));
  ASSERT_TRUE(rig.sync(*file));
  ASSERT_TRUE(rig.create("b", block_bytes));
  EXPECT_EQ(seen(), "y0xx");
  EXPECT_EQ(left(), "y0xx");
  for (const std::uint64_t count : rig.platter.counters().suffered) EXPECT_EQ(count, 0U);
}

TEST_F(Mishaps, a_misdirected_write_needs_leave_for_both_places) {
  const auto other = rig.durable_file("b", 2);
  rig.platter.guard([](Mishap, std::string_view name, Stretch) { return name == "a"; });
  std::set<std::string> outcomes;
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(rig.write(*file, 0, '_', 4, Sync::yes));
    rig.platter.arrange(Mishap::misdirected_write);
    ASSERT_TRUE(rig.write(*file, 0, 'x', 1, Sync::yes));
    outcomes.insert(left());
  }
  EXPECT_EQ(rig.seen(*other, 0), '0');
  EXPECT_EQ(rig.seen(*other, 1), '0');
  EXPECT_EQ(outcomes, (std::set<std::string>{"x___", "_x__", "__x_", "___x"}));
}

// Each by chance alone, about as often as its rate says.
TEST(Mishap, each_happens_by_chance) {
  for (std::size_t i = 0; i < mishaps; ++i) {
    const auto mishap = static_cast<Mishap>(i);
    DiskRig rig(i + 1);
    const auto file = rig.durable_file("a", 4);
    rig.climate.of(mishap) = 300'000;
    rig.climate.hang = 1ms;
    for (int step = 0; step < 100; ++step) {
      either_way(rig.write(*file, 0, 'x', 1, Sync::yes));
      either_way(rig.read(*file, 0));
      either_way(rig.create("b" + std::to_string(step), 2 * block_bytes));
    }
    EXPECT_GT(rig.platter.counters().of(mishap), 10U) << name(mishap);
    EXPECT_LT(rig.platter.counters().of(mishap), 150U) << name(mishap);
    for (std::size_t other = 0; other < mishaps; ++other)
      EXPECT_TRUE(other == i || rig.platter.counters().suffered[other] == 0) << name(mishap);
  }
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/platter.h"

#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "bowline/sim/disk_rig.h"

// What is durable when, item by item, and what a power failure leaves.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;
using env::block_bytes;
using env::Sync;

const auto ignore = [](Result<void>, env::Buffer) {};

TEST(Platter, a_write_is_seen_at_once_and_durable_after_a_sync) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 2);
  ASSERT_TRUE(rig.write(*file, 0, 'x'));
  EXPECT_EQ(rig.seen(*file, 0), 'x');
  EXPECT_EQ(rig.left("a", 0), '0');
  EXPECT_FALSE(rig.platter.is_durable("a", 0, 1));
  EXPECT_TRUE(rig.platter.is_durable("a", block_bytes, block_bytes));
  ASSERT_TRUE(rig.sync(*file));
  EXPECT_EQ(rig.left("a", 0), 'x');
  EXPECT_TRUE(rig.platter.is_durable("a", 0, 2 * block_bytes));
}

TEST(Platter, a_write_that_syncs_takes_no_other_with_it) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 2);
  ASSERT_TRUE(rig.write(*file, 0, 'x'));
  ASSERT_TRUE(rig.write(*file, 1, 'y', 1, Sync::yes));
  EXPECT_EQ(rig.left("a", 0), '0');
  EXPECT_EQ(rig.left("a", 1), 'y');
}

TEST(Platter, a_sync_waits_for_the_writes_before_it_and_covers_no_later_ones) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    DiskRig rig(seed);
    const auto file = rig.durable_file("a", 3);
    ASSERT_TRUE(rig.write(*file, 0, 'x'));
    rig.climate.sync = Duration(0);
    rig.climate.write = 1s;
    bool written = false;
    file->write(block_bytes, rig.letters('y'), Sync::no,
                [&](Result<void>, env::Buffer) { written = true; });
    bool synced = false;
    file->sync([&](Result<void>) { synced = true; });
    rig.climate.write = Duration(0);
    file->write(2 * block_bytes, rig.letters('z'), Sync::no, ignore);
    ASSERT_TRUE(rig.loop().run_until([&] { return synced; }, 1min));
    EXPECT_TRUE(written);
    EXPECT_EQ(rig.left("a", 0), 'x');
    EXPECT_EQ(rig.left("a", 1), 'y');
    EXPECT_EQ(rig.left("a", 2), '0');
    EXPECT_EQ(rig.seen(*file, 2), 'z');
  }
}

TEST(Platter, a_sync_covers_no_write_that_is_under_way_elsewhere) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 2);
  const auto other = rig.open("a");
  rig.climate.write = 1000s;
  file->write(0, rig.letters('x'), Sync::no, ignore);
  ASSERT_TRUE(rig.sync(**other));
  EXPECT_EQ(rig.left("a", 0), '0');
  EXPECT_EQ(rig.seen(*file, 0), '0');
}

TEST(Platter, two_syncs_that_overlap_cover_what_each_saw) {
  DiskRig rig;
  rig.climate.sync = 1s;
  const auto file = rig.durable_file("a", 2);
  ASSERT_TRUE(rig.write(*file, 0, 'x'));
  int synced = 0;
  file->sync([&](Result<void>) { ++synced; });
  ASSERT_TRUE(rig.write(*file, 1, 'y'));
  file->sync([&](Result<void>) { ++synced; });
  rig.loop().run(1min);
  EXPECT_EQ(synced, 2);
  EXPECT_TRUE(rig.platter.is_durable("a", 0, 2 * block_bytes));
}

TEST(Platter, an_older_write_cannot_come_back_over_a_durable_one) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    DiskRig rig(seed);
    const auto file = rig.durable_file("a", 1);
    ASSERT_TRUE(rig.write(*file, 0, 'x'));
    ASSERT_TRUE(rig.write(*file, 0, 'y', 1, Sync::yes));
    EXPECT_TRUE(rig.platter.is_durable("a", 0, block_bytes));
    rig.lose_power({});
    EXPECT_EQ(rig.left("a", 0), 'y') << seed;
  }
  DiskRig rig;
  const auto file = rig.durable_file("a", 1);
  ASSERT_TRUE(rig.write(*file, 0, 'x'));
  ASSERT_TRUE(rig.write(*file, 0, 'y', 1, Sync::yes));
  ASSERT_TRUE(rig.sync(*file));
  EXPECT_EQ(rig.left("a", 0), 'y');
}

TEST(Platter, a_sync_keeps_the_newest_of_two_writes) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 1);
  for (const char letter : {'x', 'y'}) ASSERT_TRUE(rig.write(*file, 0, letter));
  ASSERT_TRUE(rig.sync(*file));
  EXPECT_EQ(rig.left("a", 0), 'y');
}

TEST(Platter, a_new_file_is_durable_when_its_name_is) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    DiskRig rig(seed);
    auto file = rig.create("a", 2 * block_bytes);
    ASSERT_TRUE(rig.write(**file, 0, 'x', 1, Sync::yes));
    EXPECT_EQ(rig.left("a", 0), '-');
    EXPECT_FALSE(rig.platter.is_durable("a", 0, block_bytes));
    Platter lost = rig.platter;
    lost.lose_power(rig.chance(), Loss::everything);
    EXPECT_TRUE(lost.list().empty());
    ASSERT_TRUE(rig.sync_names());
    EXPECT_TRUE(rig.platter.is_durable("a", 0, 2 * block_bytes));
    rig.lose_power({});
    EXPECT_EQ(rig.left("a", 0), 'x');
    EXPECT_EQ(rig.left("a", 1), '0');
  }
}

TEST(Platter, a_removed_name_comes_back_with_its_contents_until_names_are_synced) {
  DiskRig rig;
  auto file = rig.durable_file("a", 1);
  ASSERT_TRUE(rig.write(*file, 0, 'x', 1, Sync::yes));
  file.reset();
  ASSERT_TRUE(rig.remove("a"));
  EXPECT_EQ(rig.open("a").error().fault, Fault::not_found);
  Platter lost = rig.platter;
  lost.lose_power(rig.chance(), Loss::everything);
  EXPECT_EQ(DiskRig::letter_of(*lost.durable("a", 0, block_bytes)), 'x');
  ASSERT_TRUE(rig.sync_names());
  EXPECT_EQ(rig.left("a", 0), '-');
  rig.lose_power(Loss::everything);
  EXPECT_TRUE(rig.platter.list().empty());
}

TEST(Platter, a_rename_is_lost_or_kept_as_a_whole) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    DiskRig rig(seed);
    const auto old = rig.durable_file("b", 1);
    const auto fresh = rig.durable_file("a", 1);
    ASSERT_TRUE(rig.write(*old, 0, 'o', 1, Sync::yes));
    ASSERT_TRUE(rig.write(*fresh, 0, 'f', 1, Sync::yes));
    ASSERT_TRUE(rig.rename("a", "b"));
    rig.lose_power({});
    seen.insert({rig.left("a", 0), rig.left("b", 0)});
  }
  EXPECT_EQ(seen, (std::set<std::string>{"fo", "-f"}));
}

TEST(Platter, names_survive_out_of_order_unless_they_are_the_same) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    DiskRig rig(seed);
    const auto ready = rig.durable_file("spare", 1);
    ASSERT_TRUE(rig.rename("spare", "log"));
    ASSERT_TRUE(rig.create("other", block_bytes));
    ASSERT_TRUE(rig.rename("log", "last"));
    rig.lose_power({});
    std::string names;
    for (const env::Listed& listed : rig.platter.list()) names += listed.name + " ";
    seen.insert(names);
  }
  EXPECT_EQ(seen, (std::set<std::string>{"spare ", "log ", "last ", "log other ", "last other ",
                                         "other spare "}));
}

TEST(Platter, what_the_power_took_from_the_names_does_not_come_back) {
  DiskRig rig;
  rig.disk().create("a", block_bytes, [](Result<DiskRig::FilePtr>) { FAIL(); });
  rig.lose_power(Loss::everything);
  EXPECT_TRUE(rig.platter.list().empty());
  rig.lose_power(Loss::nothing);
  EXPECT_TRUE(rig.platter.list().empty());
}

TEST(Platter, a_name_that_goes_and_comes_back_is_in_doubt_until_names_are_synced) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 1);
  ASSERT_TRUE(rig.rename("a", "b"));
  ASSERT_TRUE(rig.rename("b", "a"));
  EXPECT_FALSE(rig.platter.is_durable("a", 0, block_bytes));
  ASSERT_TRUE(rig.sync_names());
  EXPECT_TRUE(rig.platter.is_durable("a", 0, block_bytes));
}

TEST(Platter, a_kill_keeps_what_was_written_and_the_power_may_still_take_it) {
  DiskRig rig;
  auto file = rig.durable_file("a", 1);
  ASSERT_TRUE(rig.write(*file, 0, 'x'));
  ASSERT_TRUE(rig.create("b", block_bytes));
  rig.kill();
  EXPECT_EQ(rig.platter.list().size(), 2U);
  file = std::move(*rig.open("a"));
  EXPECT_EQ(rig.seen(*file, 0), 'x');
  EXPECT_FALSE(rig.platter.is_durable("a", 0, block_bytes));
  Platter lost = rig.platter;
  lost.lose_power(rig.chance(), Loss::everything);
  EXPECT_EQ(DiskRig::letter_of(*lost.durable("a", 0, block_bytes)), '0');
  EXPECT_EQ(lost.list().size(), 1U);
  ASSERT_TRUE(rig.sync(*file));  // another process's sync covers it
  EXPECT_EQ(rig.left("a", 0), 'x');
}

TEST(Platter, a_kill_amid_a_write_keeps_all_nothing_or_some_of_its_first_sectors) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    DiskRig rig(seed);
    auto file = rig.durable_file("a", 1);
    bool told = false;
    file->write(0, rig.letters('x'), Sync::yes, [&](Result<void>, env::Buffer) { told = true; });
    rig.platter.kill(rig.chance());
    rig.loop().run(1s);
    EXPECT_FALSE(told);
    file.reset();
    rig.kill();
    file = std::move(*rig.open("a"));
    const auto read = rig.read(*file, 0);
    std::string sectors;
    for (std::size_t sector = 0; sector < block_sectors; ++sector) {
      const auto text = read->view().substr(sector * sector_bytes, sector_bytes);
      sectors += DiskRig::letter_of(text);
    }
    EXPECT_EQ(sectors.find("0x"), std::string::npos) << sectors;
    EXPECT_EQ(sectors.find('?'), std::string::npos) << sectors;
    seen.insert(sectors);
    EXPECT_EQ(rig.left("a", 0), '0');
  }
  EXPECT_EQ(seen.size(), block_sectors + 1);
}

TEST(Platter, a_kill_amid_a_change_of_names_keeps_it_or_not) {
  std::set<std::string> seen;
  std::set<std::uint64_t> sizes;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    DiskRig rig(seed);
    rig.durable_file("a", 1).reset();
    rig.disk().rename("a", "b", [](Result<void>) { FAIL(); });
    rig.disk().create("c", block_bytes, [](Result<DiskRig::FilePtr>) { FAIL(); });
    rig.kill();
    std::string names;
    for (const env::Listed& listed : rig.platter.list()) names += listed.name;
    seen.insert(names);
    if (names.ends_with("c")) sizes.insert(rig.platter.list().back().bytes);
    rig.lose_power(Loss::everything);
    EXPECT_EQ(rig.platter.list().front().name, "a");
  }
  EXPECT_EQ(seen, (std::set<std::string>{"a", "b", "ac", "bc"}));
  EXPECT_TRUE(sizes.contains(block_bytes));
  EXPECT_GT(sizes.size(), 10U);
}

TEST(Platter, a_copy_is_independent) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 2);
  ASSERT_TRUE(rig.write(*file, 0, 'x', 1, Sync::yes));
  ASSERT_TRUE(rig.write(*file, 1, 'y'));
  const Platter copy = rig.platter;
  Platter other = rig.platter;
  EXPECT_EQ(copy.hash(), rig.platter.hash());
  ASSERT_TRUE(rig.write(*file, 0, 'z', 1, Sync::yes));
  ASSERT_TRUE(rig.sync(*file));
  ASSERT_TRUE(rig.create("b", block_bytes));
  other.lose_power(rig.chance(), Loss::everything);
  ASSERT_TRUE(other.flip("a", 0, 3));
  EXPECT_EQ(DiskRig::letter_of(*copy.durable("a", 0, block_bytes)), 'x');
  EXPECT_EQ(DiskRig::letter_of(*copy.durable("a", block_bytes, block_bytes)), '0');
  EXPECT_FALSE(copy.is_durable("a", block_bytes, block_bytes));
  EXPECT_EQ(copy.list().size(), 1U);
  EXPECT_EQ(rig.left("a", 0), 'z');
  EXPECT_EQ(rig.left("a", 1), 'y');
  EXPECT_NE(copy.hash(), rig.platter.hash());
  EXPECT_NE(copy.hash(), other.hash());
}

TEST(Platter, files_that_nobody_can_name_or_use_are_gone) {
  DiskRig rig;
  for (int i = 0; i < 3; ++i) {
    auto file = rig.durable_file("a", 1);
    ASSERT_TRUE(rig.remove("a"));
    ASSERT_TRUE(rig.sync_names());
    EXPECT_EQ(rig.platter.files(), 1U);
    file.reset();
    EXPECT_EQ(rig.platter.files(), 0U);
  }
}

TEST(Platter, disks_are_wiped_rolled_back_and_exchanged) {
  DiskRig rig;
  DiskRig neighbour;
  auto file = rig.durable_file("a", 1);
  ASSERT_TRUE(rig.write(*file, 0, 'x', 1, Sync::yes));
  Platter earlier = rig.platter;
  earlier.lose_power(rig.chance(), Loss::nothing);
  ASSERT_TRUE(rig.write(*file, 0, 'y', 1, Sync::yes));
  file.reset();
  EXPECT_DEATH(rig.platter.wipe(), "ensure");
  rig.platter.kill(rig.chance());
  neighbour.platter.kill(neighbour.chance());
  exchange_contents(rig.platter, neighbour.platter);
  EXPECT_TRUE(rig.platter.list().empty());
  EXPECT_EQ(neighbour.left("a", 0), 'y');
  rig.platter.roll_back(earlier);
  EXPECT_EQ(rig.left("a", 0), 'x');
  rig.stop();
  rig.start();
  file = std::move(*rig.open("a"));
  ASSERT_TRUE(rig.write(*file, 0, 'z', 1, Sync::yes));
  EXPECT_EQ(rig.left("a", 0), 'z');
  file.reset();
  rig.platter.kill(rig.chance());
  rig.platter.wipe();
  EXPECT_TRUE(rig.platter.list().empty());
  EXPECT_EQ(rig.left("a", 0), '-');
}

}  // namespace
}  // namespace bowline::sim

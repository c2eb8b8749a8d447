// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/disk_rig.h"
#include "bowline/sim/hash.h"

// The ways in which the power fails, and a sweep over all moments at which it may.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;
using env::block_bytes;
using env::Sync;

// One letter a sector: 'o' the old, 'n' the new, '0' zeros, 't' torn, 'g' garbage.
std::string sectors_of(const std::string& text) {
  std::string fates;
  for (std::size_t at = 0; at < text.size(); at += sector_bytes) {
    const std::string_view sector = std::string_view(text).substr(at, sector_bytes);
    const char letter = DiskRig::letter_of(sector);
    const std::size_t fresh = std::min(sector.find_first_not_of('n'), sector.size());
    const bool torn = sector.find_first_not_of('o', fresh) == std::string_view::npos;
    fates += letter != '?' ? letter : torn ? 't' : 'g';
  }
  return fates;
}

// What is left of four blocks after two unsynced writes over two of them each.
std::string left_after(std::uint64_t seed, std::optional<Loss> loss) {
  DiskRig rig(seed);
  const auto file = rig.durable_file("a", 4);
  EXPECT_TRUE(rig.write(*file, 0, 'o', 4, Sync::yes));
  EXPECT_TRUE(rig.write(*file, 0, 'n', 2));
  EXPECT_TRUE(rig.write(*file, 2, 'n', 2));
  rig.lose_power(loss);
  const auto text = rig.platter.durable("a", 0, 4 * block_bytes);
  EXPECT_TRUE(rig.platter.is_durable("a", 0, 4 * block_bytes));
  const auto again = rig.open("a");
  EXPECT_EQ(rig.read(**again, 0, 4)->view(), *text);
  return sectors_of(*text);
}

TEST(PowerFailure, may_take_nothing_or_everything) {
  EXPECT_EQ(left_after(1, Loss::nothing), std::string(32, 'n'));
  EXPECT_EQ(left_after(1, Loss::everything), std::string(32, 'o'));
}

TEST(PowerFailure, of_sectors_treats_each_by_itself_and_tears_at_most_one_of_a_write) {
  std::string all;
  bool not_a_prefix = false;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const std::string fates = left_after(seed, Loss::sectors);
    all += fates;
    EXPECT_LE(std::ranges::count(fates.substr(0, 16), 't'), 1) << fates;
    EXPECT_LE(std::ranges::count(fates.substr(16), 't'), 1) << fates;
    not_a_prefix = not_a_prefix || fates.find("on") != std::string::npos;
  }
  for (const char fate : {'o', 'n', '0', 't', 'g'})
    EXPECT_GT(std::ranges::count(all, fate), 20) << fate;
  EXPECT_TRUE(not_a_prefix);
}

TEST(PowerFailure, of_a_prefix_keeps_whole_writes_and_tears_the_next) {
  std::set<std::size_t> lengths;
  bool torn = false;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const std::string fates = left_after(seed, Loss::prefix);
    const std::size_t length = std::min(fates.find_first_not_of('n'), fates.size());
    lengths.insert(length);
    const std::string rest = fates.substr(length);
    torn = torn || rest.starts_with("t");
    const std::size_t old = rest.starts_with("t") ? 1 : 0;
    EXPECT_EQ(rest.substr(std::min(old, rest.size())),
              std::string(rest.size() - std::min(old, rest.size()), 'o'))
        << fates;
  }
  EXPECT_EQ(lengths.size(), 33U);
  EXPECT_TRUE(torn);
}

TEST(PowerFailure, happens_in_all_these_ways) {
  int nothing = 0;
  int everything = 0;
  int garbage = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const std::string fates = left_after(seed, {});
    nothing += fates == std::string(32, 'n') ? 1 : 0;
    everything += fates == std::string(32, 'o') ? 1 : 0;
    garbage += fates.find('g') != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(nothing, 10);
  EXPECT_GT(everything, 10);
  EXPECT_GT(garbage, 10);
}

TEST(PowerFailure, amid_a_write_does_to_it_what_it_does_to_all_that_is_not_synced) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    DiskRig rig(seed);
    const auto file = rig.durable_file("a", 1);
    ASSERT_TRUE(rig.write(*file, 0, 'o', 1, Sync::yes));
    bool told = false;
    file->write(0, rig.letters('n'), Sync::yes, [&](Result<void>, env::Buffer) { told = true; });
    rig.platter.lose_power(rig.chance());
    rig.loop().run(1s);
    EXPECT_FALSE(told);
    seen.insert(sectors_of(*rig.platter.durable("a", 0, block_bytes)));
  }
  EXPECT_TRUE(seen.contains("oooooooo"));
  EXPECT_TRUE(seen.contains("nnnnnnnn"));
  EXPECT_GT(seen.size(), 10U);
}

TEST(PowerFailure, amid_a_create_leaves_nothing_a_file_or_a_shorter_one) {
  std::set<std::uint64_t> sizes;
  int missing = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    DiskRig rig(seed);
    rig.disk().create("a", 3 * block_bytes, [](Result<DiskRig::FilePtr>) { FAIL(); });
    rig.platter.lose_power(rig.chance());
    rig.loop().run(1s);
    if (rig.platter.list().empty()) {
      ++missing;
    } else {
      sizes.insert(rig.platter.list().front().bytes);
    }
  }
  EXPECT_GT(missing, 10);
  EXPECT_TRUE(sizes.contains(3 * block_bytes));
  EXPECT_GT(sizes.size(), 10U);
}

TEST(PowerFailure, a_process_that_has_no_power_does_nothing) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 2);
  rig.climate.of(Mishap::rot) = 1'000'000;
  file->write(block_bytes, rig.letters('x'), Sync::yes, [](Result<void>, env::Buffer) { FAIL(); });
  rig.platter.lose_power(rig.chance(), Loss::nothing);
  const std::uint64_t before = rig.platter.hash();
  const std::uint64_t points = rig.platter.points();
  int told = 0;
  file->write(0, rig.letters('x'), Sync::yes, [&](Result<void>, env::Buffer) { ++told; });
  file->sync([&](Result<void>) { ++told; });
  file->read(0, block_bytes, [&](Result<env::Buffer>) { ++told; });
  rig.disk().remove("a", [&](Result<void>) { ++told; });
  rig.disk().create("b", block_bytes, [&](Result<DiskRig::FilePtr>) { ++told; });
  rig.disk().sync_names([&](Result<void>) { ++told; });
  rig.disk().lock([&](Result<void>) { ++told; });
  rig.disk().list([&](Result<std::vector<env::Listed>>) { ++told; });
  rig.disk().open("a", [&](Result<DiskRig::FilePtr>) { ++told; });
  rig.loop().run(1min);
  EXPECT_EQ(told, 0);
  EXPECT_EQ(rig.platter.hash(), before);
  EXPECT_EQ(rig.platter.points(), points);
}

// A log of three blocks in a file that is made aside and then gets its name; `promised` says what
// must be there from then on, as the process was told.
struct SmallLog {
  DiskRig& rig;
  int promised = -1;  // -1: not even the file

  void run() {
    rig.disk().create("log.new", 3 * block_bytes, [this](Result<DiskRig::FilePtr> made) {
      file = std::move(*made);
      rig.disk().rename("log.new", "log", [this](Result<void>) {
        rig.disk().sync_names([this](Result<void>) {
          promised = 0;
          append();
        });
      });
    });
    rig.loop().run(1s);
  }
  void append() {
    if (promised == 3) return;
    const auto at = static_cast<std::uint64_t>(promised) * block_bytes;
    const bool together = promised == 1;
    file->write(at, rig.letters('x'), together ? Sync::yes : Sync::no,
                [this, together](Result<void>, env::Buffer) {
                  if (together) return next();
                  file->sync([this](Result<void>) { next(); });
                });
  }
  void next() {
    ++promised;
    append();
  }
  DiskRig::FilePtr file;
};

TEST(CrashSweep, visits_every_point_and_what_was_promised_is_there) {
  std::uint64_t points = 0;
  {
    DiskRig rig;
    SmallLog log{.rig = rig, .file = {}};
    log.run();
    EXPECT_EQ(log.promised, 3);
    points = rig.platter.points();
  }
  // Two for each of: create, rename, sync_names, three writes, two syncs.
  EXPECT_EQ(points, 16U);
  std::set<int> promises;
  std::set<std::uint64_t> outcomes;
  for (std::uint64_t point = 1; point <= points; ++point) {
    DiskRig rig;
    SmallLog log{.rig = rig, .file = {}};
    int crashes = 0;
    rig.platter.crash_at(point, [&] {
      ++crashes;
      promises.insert(log.promised);
      for (int way = 0; way < 32; ++way) {
        Platter cut = rig.platter;
        cut.lose_power(rig.chance());
        outcomes.insert(mixed(cut.hash(), point));
        if (log.promised < 0) continue;
        ASSERT_TRUE(cut.durable("log", 0, 3 * block_bytes));
        for (int block = 0; block < log.promised; ++block) {
          const auto at = static_cast<std::uint64_t>(block) * block_bytes;
          EXPECT_EQ(DiskRig::letter_of(*cut.durable("log", at, block_bytes)), 'x') << point;
        }
      }
      rig.platter.lose_power(rig.chance());
    });
    log.run();
    EXPECT_EQ(crashes, 1) << point;
    EXPECT_LT(log.promised, 3);
    EXPECT_EQ(rig.platter.points(), point);
  }
  EXPECT_EQ(promises, (std::set<int>{-1, 0, 1, 2}));
  EXPECT_GT(outcomes.size(), 4 * points);
}

TEST(CrashSweep, a_copy_does_not_call_the_hook) {
  DiskRig rig;
  int crashes = 0;
  rig.platter.crash_at(rig.platter.points() + 1, [&] { ++crashes; });
  Platter copy = rig.platter;
  copy.begin_change(rig.disk().process(), {.name = "a", .to = {}});
  EXPECT_EQ(copy.points(), 1U);
  EXPECT_EQ(crashes, 0);
  ASSERT_TRUE(rig.create("a", block_bytes));
  EXPECT_EQ(crashes, 1);
}

// A disk as simple as can be said, beside the real one: one letter a block, and what of it is
// durable. Operations of many lives, some of them still under way when the power fails.
struct PlainFile {
  std::string cached;
  std::string durable;
};

TEST(PowerFailure, leaves_all_that_is_durable_by_a_plain_account_of_it) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    DiskRig rig(seed);
    Chance& chance = rig.chance();
    rig.durable_file("a", 8).reset();
    PlainFile plain{.cached = "00000000", .durable = "00000000"};
    for (int life = 0; life < 12; ++life) {
      auto file = std::move(*rig.open("a"));
      for (std::uint64_t step = chance.below("steps", 12); step > 0; --step) {
        const std::uint64_t block = chance.below("block", 8);
        const auto letter = static_cast<char>('a' + chance.below("letter", 26));
        const bool syncs = chance.happens("syncs itself", 300'000);
        ASSERT_TRUE(rig.write(*file, block, letter, 1, syncs ? Sync::yes : Sync::no));
        plain.cached[block] = letter;
        if (syncs) plain.durable[block] = letter;
        if (!chance.happens("syncs", 200'000)) continue;
        ASSERT_TRUE(rig.sync(*file));
        plain.durable = plain.cached;
      }
      for (std::uint64_t block = 0; block < 8; ++block) {
        ASSERT_EQ(rig.left("a", block), plain.durable[block]) << seed;
        ASSERT_EQ(rig.seen(*file, block), plain.cached[block]) << seed;
      }
      std::set<std::uint64_t> open_to_loss;
      for (std::uint64_t block = 0; block < 8; ++block)
        if (!rig.platter.is_durable("a", block * block_bytes, block_bytes))
          open_to_loss.insert(block);
      const std::uint64_t last = chance.below("block", 8);
      open_to_loss.insert(last);
      file->write(last * block_bytes, rig.letters('!'), Sync::yes,
                  [](Result<void>, env::Buffer) { FAIL(); });
      const bool kills = chance.happens("kills", 300'000);
      if (kills) {
        rig.platter.kill(chance);
      } else {
        rig.platter.lose_power(chance);
      }
      file.reset();
      rig.kill();
      file = std::move(*rig.open("a"));
      for (std::uint64_t block = 0; block < 8; ++block) {
        if (!kills && !open_to_loss.contains(block)) {
          ASSERT_EQ(rig.seen(*file, block), plain.durable[block]) << seed;
        }
        if (kills && block != last) {
          ASSERT_EQ(rig.seen(*file, block), plain.cached[block]) << seed;
        }
      }
      // What nobody can foretell is written again, so that the account is right.
      ASSERT_TRUE(rig.write(*file, 0, '=', 8, Sync::yes));
      plain.cached = plain.durable = "========";
    }
  }
}

// Random writes, syncs, names and crashes, with every mishap possible.
std::uint64_t turmoil(DiskRig& rig) {
  for (std::uint32_t& ppm : rig.climate.ppm) ppm = 20'000;
  rig.climate.of(Mishap::hung) = 0;
  Chance& chance = rig.chance();
  std::uint64_t hash = 0;
  for (int life = 0; life < 8; ++life) {
    std::vector<DiskRig::FilePtr> files;
    for (int step = 0; step < 60; ++step) {
      const std::string name(1, static_cast<char>('a' + chance.below("name", 4)));
      if (auto file = rig.open(name)) files.push_back(std::move(*file));
      if (auto file = rig.create(name, 4 * block_bytes)) files.push_back(std::move(*file));
      if (chance.happens("removes", 50'000)) either_way(rig.remove(name));
      if (chance.happens("syncs names", 200'000)) either_way(rig.sync_names());
      if (files.empty()) continue;
      env::File& file = *files[chance.below("file", files.size())];
      if (file.size() < 4 * block_bytes) continue;
      const auto letter = static_cast<char>('a' + step % 26);
      const std::uint64_t block = chance.below("block", 4);
      either_way(rig.write(file, block, letter, 1, step % 3 == 0 ? Sync::yes : Sync::no));
      if (chance.happens("syncs", 200'000)) either_way(rig.sync(file));
      const auto read = rig.read(file, 0, 4);
      hash = mixed(hash, read ? read->view() : "!");
    }
    files.clear();
    if (life % 2 == 0) {
      rig.lose_power({});
    } else {
      rig.kill();
    }
    hash = mixed(hash, rig.platter.hash());
  }
  return hash;
}

TEST(PowerFailure, the_same_seed_gives_the_same_bytes_and_so_does_its_recording) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    DiskRig first(seed);
    DiskRig second(seed, Decisions::Mode::record);
    const std::uint64_t hash = turmoil(first);
    EXPECT_EQ(turmoil(second), hash);
    DiskRig third(seed, second.decisions().recording());
    EXPECT_EQ(turmoil(third), hash);
    hashes.insert(hash);
    for (const Mishap mishap : {Mishap::lost_write, Mishap::misdirected_write, Mishap::rot})
      EXPECT_GT(first.platter.counters().of(mishap), 0U) << name(mishap);
  }
  EXPECT_EQ(hashes.size(), 10U);
}

// The calm choice is what the shrinker tries for each draw: it must harm nothing.
TEST(PowerFailure, with_calm_draws_takes_nothing) {
  DiskRig rig(1, Recording{});
  const auto file = rig.durable_file("a", 2);
  ASSERT_TRUE(rig.write(*file, 0, 'x'));
  ASSERT_TRUE(rig.create("b", block_bytes));
  file->write(block_bytes, rig.letters('y'), Sync::no, [](Result<void>, env::Buffer) {});
  rig.platter.lose_power(rig.chance());
  EXPECT_EQ(rig.left("a", 0), 'x');
  EXPECT_EQ(rig.left("a", 1), 'y');
  EXPECT_EQ(rig.platter.list_durable().size(), 2U);
}

}  // namespace
}  // namespace bowline::sim

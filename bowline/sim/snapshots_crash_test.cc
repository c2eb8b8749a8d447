// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "bowline/sim/snapshots_rig.h"

// The power fails, or the process is killed, or a write or a sync fails, at each step: then there
// is the old snapshot or the new one, whole, and whoever was told of the new one finds it.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t older = 10;
constexpr std::uint64_t newer = 20;

// What is done when it happens.
using Deed = bool (*)(SnapshotsRig&);
bool take(SnapshotsRig& rig) { return rig.take(newer).has_value(); }
bool fetch(SnapshotsRig& rig) {
  static const host::Manifest manifest = SnapshotsRig::manifest_of(newer);
  return rig.fetch(manifest, state_at(newer)).has_value();
}

void begin(SnapshotsRig& rig) {
  ASSERT_TRUE(rig.start());
  ASSERT_TRUE(rig.take(older));
}

// Another life, and what it finds.
std::uint64_t found_by(SnapshotsRig& rig) {
  const Result<void> started = rig.start();
  EXPECT_TRUE(started) << started.error().what;
  return rig.newest();
}

// It can be done once more, and no file of what failed is left.
void go_on(SnapshotsRig& rig, Deed deed) {
  EXPECT_TRUE(rig.newest() == newer || deed(rig));
  EXPECT_EQ(rig.newest(), newer);
  rig.lose_power(Loss::everything);
  EXPECT_EQ(found_by(rig), newer);
  ASSERT_TRUE(rig.take(newer + 1));
  rig.run(10s);
  EXPECT_EQ(rig.files(), 7U);
}

std::uint64_t points_of(Deed deed) {
  SnapshotsRig rig;
  begin(rig);
  const std::uint64_t before = rig.platter.points();
  EXPECT_TRUE(deed(rig));
  return rig.platter.points() - before;
}

struct Swept {
  std::uint64_t states = 0;
  std::uint64_t found_new = 0;
};

void lose_power_at(std::uint64_t point, std::optional<Loss> loss, std::uint64_t seed, Deed deed,
                   Swept& swept) {
  SnapshotsRig rig(seed);
  begin(rig);
  rig.platter.crash_at(rig.platter.points() + point,
                       [&] { rig.platter.lose_power(rig.chance(), loss); });
  const bool told = deed(rig);
  rig.platter.crash_at(0, {});
  rig.lose_power(loss);
  const std::uint64_t found = found_by(rig);
  EXPECT_TRUE(found == newer || (found == older && !told)) << found;
  ++swept.states;
  if (found == newer && !told) ++swept.found_new;
  go_on(rig, deed);
}

void lose_power_at_each_point(Deed deed) {
  Swept swept;
  const std::uint64_t points = points_of(deed);
  for (std::uint64_t point = 0; point <= points; ++point)
    for (std::uint64_t way = 0; way < losses + 4; ++way) {
      SCOPED_TRACE("point " + std::to_string(point) + ", way " + std::to_string(way));
      const auto loss = way >= losses ? std::nullopt : std::optional(static_cast<Loss>(way));
      lose_power_at(point, loss, 1 + point + 1000 * way, deed, swept);
      if (testing::Test::HasFailure()) return;
    }
  EXPECT_GT(swept.states, 250U);
  EXPECT_GT(swept.found_new, 0U);
}

TEST(SnapshotCrash, the_power_fails_at_each_step_of_a_take) { lose_power_at_each_point(take); }
TEST(SnapshotCrash, the_power_fails_at_each_step_of_a_fetch) { lose_power_at_each_point(fetch); }

// The last sync of a take fails: the next life sees a head that is on no disk.
void take_in_vain(SnapshotsRig& rig) {
  std::uint64_t syncs = 0;
  rig.climate.of(Mishap::failed_sync) = 1'000'000;
  rig.platter.guard([&](Mishap what, std::string_view file, Stretch) {
    return what == Mishap::failed_sync && file.empty() && ++syncs == 2;
  });
  EXPECT_FALSE(take(rig));
  rig.platter.guard([](Mishap, std::string_view, Stretch) { return false; });
}

// A start that is cut short, and the next one.
TEST(SnapshotCrash, the_power_fails_at_each_step_of_a_start) {
  std::uint64_t whole_starts = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed)
    for (const bool had_newer : {false, true}) {
      const std::uint64_t point = seed % 40;
      SCOPED_TRACE(point);
      SnapshotsRig rig(seed + 1);
      begin(rig);
      if (had_newer) {
        ASSERT_TRUE(take(rig));
      } else {
        take_in_vain(rig);
      }
      rig.kill();
      rig.platter.crash_at(rig.platter.points() + point,
                           [&] { rig.platter.lose_power(rig.chance()); });
      const bool started = rig.start().has_value();
      rig.platter.crash_at(0, {});
      rig.lose_power();
      const std::uint64_t found = found_by(rig);
      EXPECT_TRUE(found == newer || (found == older && !had_newer)) << found;
      if (started && found == newer) ++whole_starts;
    }
  EXPECT_GT(whole_starts, 100U);
}

// After a failed sync readers may see what is on no disk. The next life must not rely on that.
std::uint64_t fail_once(Mishap mishap, std::uint64_t number, Deed deed, bool goes_on) {
  SnapshotsRig rig(number);
  begin(rig);
  std::uint64_t seen = 0;
  rig.climate.of(mishap) = 1'000'000;
  rig.platter.guard(
      [&](Mishap what, std::string_view, Stretch) { return what == mishap && ++seen == number; });
  const bool told = deed(rig);
  EXPECT_EQ(told, seen < number);
  rig.platter.guard([](Mishap, std::string_view, Stretch) { return false; });
  rig.kill();
  const std::uint64_t found = found_by(rig);
  EXPECT_TRUE(found == newer || (found == older && !told)) << found;
  if (goes_on) {
    EXPECT_TRUE(rig.newest() == newer || deed(rig));
  }
  rig.lose_power(Loss::everything);
  EXPECT_EQ(found_by(rig), goes_on ? newer : found);
  go_on(rig, deed);
  return seen;
}

TEST(SnapshotCrash, each_write_and_each_sync_fails_once) {
  for (const Deed deed : {take, fetch})
    for (const Mishap mishap : {Mishap::failed_write, Mishap::failed_sync})
      for (const bool goes_on : {false, true}) {
        std::uint64_t number = 1;
        for (; fail_once(mishap, number, deed, goes_on) >= number; ++number)
          if (testing::Test::HasFailure()) return;
        EXPECT_GT(number, 6U);
      }
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/cold.h"

#include <map>

#include <gtest/gtest.h>

#include "bowline/env/memory_extents.h"
#include "bowline/kv/kv_rig.h"
#include "bowline/kv/snapshot.h"

namespace bowline::kv {
namespace {

constexpr std::size_t cold_extent = 4096;
constexpr std::uint64_t cold_budget = 10'000;

using ColdSpace = std::shared_ptr<env::MemoryExtents>;

ColdSpace cold_space(std::uint32_t later_every = 0, std::size_t extents = 400) {
  return std::make_shared<env::MemoryExtents>(env::MemoryExtents::Options{
      .extent_bytes = cold_extent, .extents = extents, .later_every = later_every});
}

// A machine that has room for ten kilobytes of values in memory, and keys that hold what they held.
struct ColdRig {
  explicit ColdRig(ColdSpace given = cold_space())
      : space(std::move(given)), rig({}, {.extents = space, .bytes = cold_budget}) {}

  static std::string value(std::uint64_t i) {
    return std::string(100 + i % 400, static_cast<char>('a' + i % 26));
  }
  static std::string name(std::uint64_t i) { return "key" + std::to_string(i); }

  void put(std::uint64_t key, std::uint64_t i) {
    rig.put(name(key), value(i));
    holds[name(key)] = value(i);
  }
  void put_some(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) put(i, i);
  }
  void erase(std::uint64_t key) {
    rig.erase(name(key));
    holds.erase(name(key));
  }
  // As the loop does it. With an end: it does not spin.
  void rest() {
    for (int i = 0; i < 100'000 && rig.machine.can_step(); ++i) rig.machine.step(20);
    EXPECT_FALSE(rig.machine.can_step()) << "it would go on for ever";
  }
  void compact() {
    rig.run(Compact{store().revision()});
    for (int i = 0; i < 10; ++i) rest();
  }
  // The state of the other one instead of what is here.
  void load(ColdRig& other) {
    const auto reader = other.rig.machine.snapshot();
    const auto writer = rig.machine.restore();
    for (auto part = reader->next(5000); !part->empty(); part = reader->next(5000))
      ASSERT_TRUE(writer->add(*part));
    ASSERT_TRUE(writer->commit());
    holds = other.holds;
  }
  void look() const {
    std::map<std::string, std::string> found;
    const auto answer = store().range({.keys = {"", from_there}});
    for (const Item& item : answer->items) found[std::string(item.key)] = item.value;
    EXPECT_EQ(found, holds);
    store().check();
  }
  const Store& store() const { return rig.machine.store(); }
  std::uint64_t hot() const { return store().values().hot_bytes(); }
  const Cold& cold() const { return *store().values().cold(); }

  ColdSpace space;
  KvRig rig;
  std::map<std::string, std::string> holds;
};

TEST(Cold, the_oldest_values_leave_the_memory_and_are_read_as_before) {
  ColdRig rig;
  rig.put_some(1000);
  rig.rest();
  EXPECT_LE(rig.hot(), cold_budget);
  EXPECT_GT(rig.hot(), cold_budget - 500) << "no more than had to";
  EXPECT_GT(rig.cold().bytes_in_use(), 200'000U);
  EXPECT_FALSE(rig.cold().holds(rig.store().find("key999")->value_at));
  EXPECT_TRUE(rig.cold().holds(rig.store().find("key0")->value_at));
  rig.look();
  EXPECT_EQ(rig.rig.look({.keys = {"key7", {}}, .revision = 9}), "key7=" + ColdRig::value(7));
}

TEST(Cold, nothing_leaves_while_there_is_room_in_memory) {
  ColdRig rig;
  rig.put_some(30);
  rig.compact();
  EXPECT_EQ(rig.space->taken(), 0U);
}

TEST(Cold, deletions_give_all_room_back) {
  ColdRig rig;
  for (int round = 0; round < 5; ++round) {
    rig.put_some(1000);
    rig.rest();
    EXPECT_GT(rig.space->taken(), 50U);
    EXPECT_LT(rig.space->taken(), 110U) << "what came back is used again";
    for (std::uint64_t i = 0; i < 1000; ++i) rig.erase(i);
    rig.put(1000, 7);
    rig.compact();
    EXPECT_LE(rig.space->taken(), 1U) << "but for the one that is being filled";
    rig.look();
  }
}

TEST(Cold, what_is_half_empty_is_written_again) {
  ColdRig rig;
  rig.put_some(1000);
  rig.rest();
  for (std::uint64_t i = 0; i < 1000; ++i)
    if (i % 4 != 0) rig.erase(i);
  rig.compact();
  const std::uint64_t waste = rig.cold().bytes() - rig.cold().bytes_in_use();
  EXPECT_LE(waste, std::max<std::uint64_t>(2 * cold_extent, rig.cold().bytes() / 3));
  EXPECT_LT(rig.space->taken(), 40U);
  rig.look();
}

TEST(Cold, what_compaction_leaves_goes_too_although_it_is_in_no_history) {
  ColdRig rig;
  rig.put_some(1000);
  rig.compact();  // before a value was cooled
  EXPECT_LE(rig.hot(), cold_budget);
  rig.look();
}

TEST(Cold, half_of_the_memory_is_left_to_what_is_still_in_the_history) {
  ColdRig rig;
  rig.put_some(70);
  rig.rest();
  ASSERT_GT(rig.hot(), cold_budget - 1000) << "nearly full: nothing had to leave yet";
  rig.compact();
  EXPECT_LE(rig.hot(), cold_budget / 2 + 500) << "nothing leads to them: they would stay for ever";
  rig.look();
}

TEST(Cold, a_smaller_state_that_is_loaded_is_looked_at_from_its_beginning) {
  ColdRig rig;
  rig.put_some(40);
  ColdRig other;
  other.put_some(2000);
  other.rest();
  other.load(rig);
  for (std::uint64_t i = 100; i < 300; ++i) other.put(i, i);
  other.rest();
  EXPECT_LE(other.hot(), cold_budget);
  other.look();
}

TEST(Cold, a_snapshot_is_loaded_into_half_of_the_memory) {
  ColdRig rig;
  rig.put_some(1000);
  rig.rest();
  ColdRig other;
  other.put_some(200);  // is replaced, and gives its extents back
  other.rest();
  other.load(rig);
  other.look();
  EXPECT_LE(other.hot(), cold_budget / 2 + 500);
  EXPECT_EQ(other.space->taken() * cold_extent, other.cold().bytes())
      << "nothing is left of the state before";
}

// As a loop reads it, that does not wait for a disk.
struct PatientReader {
  explicit PatientReader(const KvRig& rig) : reader(snapshot_of(rig.machine.state(), 1000)) {}
  // False: that was all.
  bool read() {
    if (!reader->is_ready()) return ++noes > 0;
    EXPECT_TRUE(reader->is_ready()) << "and it stays so until it is asked";
    const auto part = reader->next(700);
    EXPECT_TRUE(part) << part.error().what;
    if (!part || part->empty()) return false;
    bytes += *part;
    return true;
  }
  std::string all() {
    while (read()) {}
    return bytes;
  }
  std::unique_ptr<machine::Reader> reader;
  std::string bytes;
  std::uint64_t noes = 0;
};

std::string impatient(const KvRig& rig) {
  const auto reader = snapshot_of(rig.machine.state(), 1000);
  std::string bytes;
  for (auto part = reader->next(900); !part->empty(); part = reader->next(900)) bytes += *part;
  return bytes;
}

ColdSpace slow_space(std::uint32_t asks_to_have) {
  return std::make_shared<env::MemoryExtents>(env::MemoryExtents::Options{
      .extent_bytes = cold_extent, .extents = 400, .asks_to_have = asks_to_have});
}

TEST(Cold, a_snapshot_says_when_its_values_are_not_here_and_has_the_same_bytes) {
  ColdRig rig(slow_space(4));
  KvRig all_in_memory;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::uint64_t key = i % 700;
    rig.put(key, i);
    all_in_memory.put(ColdRig::name(key), ColdRig::value(i));
  }
  EXPECT_EQ(PatientReader(all_in_memory).all(), impatient(all_in_memory));
  rig.rest();
  PatientReader reader(rig.rig);
  EXPECT_FALSE(reader.reader->is_ready());
  EXPECT_EQ(reader.all(), impatient(all_in_memory));
  EXPECT_GT(reader.noes, 50U);
  EXPECT_LT(reader.noes, 1000U) << "what follows is fetched meanwhile";
  EXPECT_EQ(impatient(rig.rig), impatient(all_in_memory)) << "who does not ask is not told to wait";
}

TEST(Cold, a_snapshot_that_waits_is_of_one_moment_whatever_is_applied_meanwhile) {
  ColdRig rig(slow_space(5));
  for (int round = 0; round < 2; ++round) rig.put_some(400);
  rig.rest();
  const std::string before = impatient(rig.rig);
  PatientReader reader(rig.rig);
  for (std::uint64_t i = 0; reader.read(); ++i) {
    rig.put(i * 7 % 400, i);
    rig.erase(i * 11 % 400);
    if (i % 50 == 0) rig.rig.run(Compact{rig.store().revision()});
    rig.rig.machine.step(20);  // values leave the memory, and what is left of an extent moves
    if (i % 5 == 0) rig.rig.put("key" + std::to_string(i) + "new", "of no interest");
  }
  EXPECT_EQ(reader.bytes, before);
  EXPECT_GT(reader.noes, 100U);
}

TEST(Cold, of_a_key_with_much_of_a_past_a_snapshot_needs_one_value_at_a_time) {
  ColdRig rig(slow_space(5));
  for (std::uint64_t i = 0; i < 500; ++i) rig.put(1, i);
  rig.rest();
  PatientReader reader(rig.rig);
  EXPECT_EQ(reader.all(), impatient(rig.rig));
  EXPECT_GT(reader.noes, 300U) << "they are never here together";
}

TEST(Cold, a_value_that_does_not_come_is_read_anyway_in_the_end) {
  ColdRig rig(slow_space(1'000'000));
  rig.put_some(500);
  rig.rest();
  PatientReader reader(rig.rig);
  EXPECT_EQ(reader.all(), impatient(rig.rig));
  EXPECT_GT(reader.noes, 1000U) << "a busy disk has the time that it needs";
  EXPECT_LT(reader.noes, 1000U + 500) << "and not for each value again";
}

TEST(Cold, a_snapshot_whose_state_is_replaced_while_it_waits_is_ready_to_say_so) {
  ColdRig rig;
  rig.put_some(200);
  rig.rest();
  ColdRig other;
  other.put_some(10);
  PatientReader reader(rig.rig);
  ASSERT_FALSE(reader.reader->is_ready());
  rig.load(other);
  EXPECT_TRUE(reader.reader->is_ready());
  EXPECT_FALSE(reader.reader->next(100));
}

TEST(Cold, a_full_disk_leaves_values_in_memory_until_there_is_room) {
  ColdRig rig;
  rig.space->set_full(true);
  rig.put_some(1000);
  rig.rest();
  EXPECT_GT(rig.hot(), 10 * cold_budget);
  EXPECT_EQ(rig.space->taken(), 0U);
  rig.look();
  rig.space->set_full(false);
  rig.rest();
  EXPECT_LE(rig.hot(), cold_budget);
  rig.look();
}

TEST(Cold, compaction_goes_on_when_the_disk_is_full) {
  ColdRig rig(cold_space(0, 20));
  rig.put_some(1000);
  rig.rest();
  EXPECT_GT(rig.hot(), cold_budget) << "it fits nowhere else";
  for (std::uint64_t i = 0; i < 1000; ++i)
    if (i % 10 != 0) rig.erase(i);
  rig.compact();
  EXPECT_LT(rig.hot() + rig.cold().bytes_in_use(), 50'000U);
  rig.look();
}

TEST(Cold, a_disk_that_is_slow_is_waited_for) {
  ColdRig rig(cold_space(2));
  rig.put_some(1000);
  for (int i = 0; i < 5000; ++i) rig.rig.sweep();
  EXPECT_LE(rig.hot(), cold_budget);
  for (std::uint64_t i = 0; i < 1000; i += 2) rig.erase(i);
  rig.rig.run(Compact{rig.store().revision()});
  for (int i = 0; i < 5000; ++i) rig.rig.sweep();
  EXPECT_LE(rig.cold().bytes(), rig.cold().bytes_in_use() * 3 / 2 + 3 * cold_extent);
  rig.look();
}

TEST(Cold, very_small_and_very_large_values_stay) {
  ColdRig rig;
  for (int i = 0; i < 1000; ++i) rig.rig.put("small" + std::to_string(i), std::string(63, 's'));
  for (int i = 0; i < 10; ++i)
    rig.rig.put("large" + std::to_string(i), std::string(cold_extent / 2 + 1, 'l'));
  rig.rest();
  EXPECT_EQ(rig.space->taken(), 0U);
  rig.rig.put("middle", std::string(cold_extent / 2, 'm'));
  rig.rest();
  EXPECT_EQ(rig.space->taken(), 1U);
}

TEST(Cold, what_it_takes_is_counted) {
  ColdRig rig;
  rig.put_some(1000);
  const std::uint64_t before = rig.store().bytes_in_use();
  const std::uint64_t memory = rig.store().memory_bytes_in_use();
  EXPECT_EQ(before, memory);
  rig.rest();
  EXPECT_LT(rig.store().memory_bytes_in_use(), memory - 200'000);
  EXPECT_GT(rig.store().bytes_in_use(), before * 9 / 10) << "a quota is about all of it";
  EXPECT_GE(rig.store().bytes(), rig.store().memory_bytes() + rig.space->taken() * cold_extent);
}

}  // namespace
}  // namespace bowline::kv

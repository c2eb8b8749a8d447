// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/snapshot.h"

#include <gtest/gtest.h>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"
#include "bowline/kv/digest.h"
#include "bowline/kv/kv_rig.h"

namespace bowline::kv {
namespace {

std::string bytes_of(machine::Reader& reader, std::size_t most = 1 << 20) {
  std::string bytes;
  for (auto part = reader.next(most); !part->empty(); part = reader.next(most)) bytes += *part;
  return bytes;
}

std::string bytes_of(machine::StateMachine& machine, std::size_t most = 1 << 20) {
  return bytes_of(*machine.snapshot(), most);
}

bool loads(KvMachine& machine, std::string_view bytes, std::size_t piece = 1 << 20) {
  const auto writer = machine.restore();
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
    if (!writer->add(bytes.substr(0, piece))) return false;
  return writer->commit().has_value();
}

void fill(KvRig& rig) {
  rig.run(LeaseGrant{4, 60});
  rig.run(LeaseGrant{5, 600});
  rig.run(LeaseCheckpoint{.left = {{5, 99}}, .term = 1});
  rig.run(AlarmChange{AlarmChange::Action::raise, {2, Alarm::Kind::no_space}});
  rig.run(AlarmChange{AlarmChange::Action::clear, {2, Alarm::Kind::no_space}});
  rig.put("a", "1");
  rig.put("a", "2", 4);
  rig.put("gone", "1", 4);
  rig.erase("gone");
  rig.put("b", "");
  rig.run(Compact{3});
  rig.run(AlarmChange{AlarmChange::Action::raise, {2, Alarm::Kind::corrupt}});
}

TEST(Snapshot, brings_all_of_the_state) {
  KvRig rig;
  fill(rig);
  for (const std::size_t piece : {1UL, 7UL, 1UL << 20}) {
    KvRig other;
    other.put("z", "is replaced");
    ASSERT_TRUE(loads(other.machine, bytes_of(rig.machine, piece), 1 + piece / 2));
    EXPECT_EQ(other.machine.store().revision(), 6);
    EXPECT_EQ(other.machine.store().compacted(), 3);
    for (std::int64_t at = 2; at <= 6; ++at) EXPECT_EQ(other.all(at), rig.all(at));
    const History& history = other.machine.store().history();
    EXPECT_EQ(history.end() - history.begin(), 4U);
    EXPECT_EQ(other.machine.leases().find(5)->left, 99);
    EXPECT_EQ(other.machine.leases().find(4)->keys.size(), 1U);
    EXPECT_EQ(other.machine.alarms(), rig.machine.alarms());
    EXPECT_EQ(bytes_of(other.machine), bytes_of(rig.machine));
    other.machine.store().check();
  }
}

TEST(Snapshot, what_is_compacted_is_there_and_not_replayed) {
  KvRig rig;
  rig.put("old", "1");
  rig.put("a", "1");
  rig.put("a", "2");
  rig.run(Compact{4});
  KvRig other;
  ASSERT_TRUE(loads(other.machine, bytes_of(rig.machine)));
  EXPECT_EQ(other.all(4), "a=2 old=1");
  const History& history = other.machine.store().history();
  ASSERT_EQ(history.end() - history.begin(), 1U);
  EXPECT_EQ(history.at(history.begin()).main, 4);
}

TEST(Snapshot, is_of_one_moment_whatever_is_applied_while_it_is_read) {
  KvRig rig;
  const std::string value(1000, 'v');
  for (int i = 0; i < 300; ++i) rig.put("key" + std::to_string(i), value);
  rig.run(LeaseGrant{1, 60});
  const std::string before = bytes_of(rig.machine);
  const auto reader = rig.machine.snapshot();
  std::string bytes;
  for (int i = 0;; ++i) {
    const auto part = reader->next(5000);
    if (part->empty()) break;
    bytes += *part;
    rig.put("key" + std::to_string(i * 7 % 300), "new");
    rig.erase("key" + std::to_string(i * 11 % 300));
    rig.put("other" + std::to_string(i), "new");
    rig.run(LeaseRevoke{1});
    rig.run(Compact{rig.machine.store().revision()});
    rig.machine.step(50);
  }
  EXPECT_EQ(bytes, before);
  EXPECT_NE(bytes_of(rig.machine), before);
}

TEST(Snapshot, ends_its_blocks_where_it_would_without_a_key_that_came_later) {
  for (int keys = 1; keys < 40; ++keys) {
    KvRig rig;
    for (int i = 0; i < keys; ++i) rig.put("key" + std::to_string(i), "some value");
    const auto before = snapshot_of(rig.machine.state(), 100);
    const auto after = snapshot_of(rig.machine.state(), 100);
    const std::string bytes = bytes_of(*before);
    rig.put("later", "is of no interest");
    EXPECT_EQ(bytes_of(*after), bytes) << keys;
  }
}

TEST(Snapshot, of_a_state_that_was_replaced_is_an_error) {
  KvRig rig;
  rig.put("a", "1");
  const auto reader = rig.machine.snapshot();
  ASSERT_TRUE(loads(rig.machine, bytes_of(rig.machine)));
  EXPECT_FALSE(reader->next(100).has_value());
}

TEST(Snapshot, changes_nothing_until_it_is_committed) {
  KvRig rig;
  rig.put("a", "1");
  KvRig other;
  const auto writer = other.machine.restore();
  ASSERT_TRUE(writer->add(bytes_of(rig.machine)));
  EXPECT_EQ(other.all(), "");
}

TEST(Snapshot, damage_is_found) {
  KvRig rig;
  fill(rig);
  const std::string good = bytes_of(rig.machine);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 4);
    KvRig other;
    EXPECT_FALSE(loads(other.machine, bad)) << i;
    EXPECT_FALSE(loads(other.machine, good.substr(0, i))) << i;
    EXPECT_EQ(other.machine.store().revision(), 1);
  }
  KvRig other;
  EXPECT_FALSE(loads(other.machine, good + good));
  EXPECT_TRUE(loads(other.machine, good));
}

// With sums that are right, so that only the content can be refused.
TEST(Snapshot, nonsense_is_refused) {
  KvRig rig;
  fill(rig);
  const std::string good = bytes_of(rig.machine);
  std::uint64_t refused = 0;
  for (std::size_t i = 8; i < good.size(); ++i)
    for (const int flip : {1, 2, 0x80}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      const std::string_view content = std::string_view(bad).substr(8);
      store(bad.data() + 4, crc32c(content));
      KvRig other;
      if (loads(other.machine, bad)) {
        other.machine.store().check();
      } else {
        ++refused;
      }
    }
  EXPECT_GT(refused, good.size());
}

std::uint32_t sum_of(const Store& store, std::int64_t revision, std::uint64_t slice) {
  Digest digest(store, revision);
  while (!digest.sum()) EXPECT_TRUE(digest.step(slice));
  return *digest.sum();
}

TEST(Digest, is_the_same_on_replicas_however_far_their_compaction_has_come) {
  KvRig one;
  KvRig two;
  fill(one);
  fill(two);
  one.sweep();
  for (std::int64_t at = 3; at <= 6; ++at)
    EXPECT_EQ(sum_of(one.machine.store(), at, 1), sum_of(two.machine.store(), at, 100));
  EXPECT_NE(sum_of(one.machine.store(), 5, 1), sum_of(one.machine.store(), 6, 1));
  two.run(AlarmChange{AlarmChange::Action::clear, {}});
  two.put("b", "");
  EXPECT_NE(sum_of(one.machine.store(), 6, 1), sum_of(two.machine.store(), 7, 1));
}

TEST(Digest, is_of_one_revision_whatever_is_applied_meanwhile) {
  KvRig rig;
  for (int i = 0; i < 50; ++i) rig.put("key" + std::to_string(i % 20), "value");
  const std::uint32_t before = sum_of(rig.machine.store(), 40, 100);
  Digest digest(rig.machine.store(), 40);
  while (!digest.sum()) {
    ASSERT_TRUE(digest.step(3));
    rig.put("key3", "other");
    rig.erase("key7");
    rig.run(Compact{rig.machine.store().revision()});
    rig.machine.step(10);
  }
  EXPECT_EQ(*digest.sum(), before);
  Digest second(rig.machine.store(), rig.machine.store().revision());
  ASSERT_TRUE(loads(rig.machine, bytes_of(rig.machine)));
  EXPECT_FALSE(second.step(1));
}

}  // namespace
}  // namespace bowline::kv

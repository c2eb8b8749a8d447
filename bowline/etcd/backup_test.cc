// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/backup.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "bowline/base/encoding.h"
#include "bowline/base/prng.h"
#include "bowline/etcd/backup_import.h"
#include "bowline/etcd/bolt_reader.h"
#include "bowline/kv/kv_rig.h"
#include "bowline/kv/random_requests.h"
#include "bowline/kv/snapshot.h"

namespace bowline::etcd {
namespace {

using kv::KvRig;

constexpr std::size_t sum_bytes = Sha256::bytes;

std::string state_bytes(const kv::State& state) {
  std::string bytes;
  const auto reader = kv::snapshot_of(state);
  for (auto part = reader->next(1 << 20); !part->empty(); part = reader->next(1 << 20))
    bytes += *part;
  return bytes;
}

std::string file_of(Backup& backup, std::uint64_t slice, const std::function<void()>& meanwhile) {
  std::string file;
  while (backup.step(slice, file)) meanwhile();
  return file;
}

std::string file_of(const kv::State& state) {
  Backup backup(state, {{1}, {7}});
  return file_of(backup, 1000, [] {});
}

bolt::Reader::ReadAt reads(const std::string& file) {
  return [&file](std::uint64_t offset, std::uint64_t bytes) -> Result<std::string> {
    if (offset > file.size() || bytes > file.size() - offset)
      return std::unexpected(Error{Fault::io, "too short"});
    return file.substr(offset, bytes);
  };
}

Result<std::unique_ptr<kv::State>> imported(const std::string& file,
                                            const ImportOptions& options = {}) {
  Result<bolt::Reader> reader = bolt::Reader::open(reads(file), file.size());
  if (!reader) return std::unexpected(reader.error());
  return import_backup(*reader, options);
}

// A file does not say which lease of its id one is: that is only for what is under way.
void give_tenures(kv::State& state, const kv::Leases& of) {
  kv::Leases leases;
  leases.load_granted(of.granted());
  for (const auto& [id, lease] : state.leases.all()) {
    const kv::Lease* const there = of.find(id);
    leases.load(id, there == nullptr ? 1 : there->tenure, lease.ttl, lease.left);
    for (const kv::Key* const key : lease.keys) leases.attach(id, *key);
  }
  state.leases.replace(std::move(leases));
}

// Keys that clients may have are not empty.
bool is_served(const kv::Command& command) {
  const auto* put = std::get_if<kv::Put>(&command);
  return (put == nullptr || !put->key.empty()) && !std::holds_alternative<kv::Txn>(command);
}

class Life {
 public:
  explicit Life(std::uint64_t seed) : requests_(seed) {}
  void go_on(int commands) {
    for (int i = 0; i < commands; ++i) {
      requests_.now_at(rig.machine.store().revision(), rig.machine.store().compacted());
      const kv::Command command = requests_.command(1);
      if (is_served(command)) rig.run(command);
      if (requests_.prng().next() % 4 == 0 && rig.machine.can_step()) rig.machine.step(3);
    }
    rig.run(kv::AlarmChange{kv::AlarmChange::Action::clear, {0, kv::Alarm::Kind::corrupt}});
    rig.run(kv::AlarmChange{kv::AlarmChange::Action::clear, {0, kv::Alarm::Kind::no_space}});
  }
  KvRig rig;

 private:
  kv::RandomRequests requests_;
};

TEST(Backup, a_state_that_went_through_a_file_is_the_same) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Life life(seed);
    for (int i = 0; i < 20; ++i) life.go_on(5);
    life.rig.run(kv::AlarmChange{kv::AlarmChange::Action::raise, {2, kv::Alarm::Kind::no_space}});
    const std::string file = file_of(life.rig.machine.state());
    const auto state = imported(file);
    ASSERT_TRUE(state) << state.error().what;
    (*state)->store.check();
    give_tenures(**state, life.rig.machine.leases());
    EXPECT_TRUE(state_bytes(**state) == state_bytes(life.rig.machine.state())) << seed;
  }
}

TEST(Backup, what_is_done_meanwhile_is_not_in_it) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Life life(seed);
    for (int i = 0; i < 20; ++i) life.go_on(5);
    const std::string before = state_bytes(life.rig.machine.state());
    const kv::Leases leases_before = std::as_const(life.rig.machine).leases();
    Backup backup(life.rig.machine.state(), {{1}, {7}}, 1 + seed % 5);
    const std::string file = file_of(backup, 1 + seed % 7, [&] { life.go_on(2); });
    const auto state = imported(file);
    ASSERT_TRUE(state) << state.error().what;
    give_tenures(**state, leases_before);
    EXPECT_TRUE(state_bytes(**state) == before) << seed;
  }
}

TEST(Backup, it_is_as_long_as_it_says_and_ends_with_its_sum) {
  KvRig rig;
  rig.put("a", "1");
  Backup backup(rig.machine.state(), {{1}, {7}});
  std::string file;
  while (!backup.bytes()) ASSERT_TRUE(backup.step(100, file));
  EXPECT_LE(file.size(), 3 * bolt::page_bytes);
  while (backup.step(100, file)) {}
  EXPECT_EQ(file.size(), *backup.bytes());
  EXPECT_EQ(file.size() % 512, sum_bytes);
  Sha256 sum;
  sum.add(std::string_view(file).substr(0, file.size() - sum_bytes));
  EXPECT_TRUE(file.ends_with(sum.sum()));
  EXPECT_FALSE(backup.lost());
}

TEST(Backup, many_keys_and_large_values_make_trees_with_levels) {
  KvRig rig;
  std::string key;
  for (int i = 0; i < 30'000; ++i) rig.put(key = "key" + std::to_string(i), std::string(50, 'x'));
  rig.put("large", std::string(3 << 20, 'y'));
  for (kv::LeaseId id = 1; id <= 1000; ++id) rig.run(kv::LeaseGrant{id, 60});
  rig.run(kv::Compact{20'000});
  rig.sweep();
  const std::string file = file_of(rig.machine.state());
  const auto state = imported(file);
  ASSERT_TRUE(state) << state.error().what;
  EXPECT_TRUE(state_bytes(**state) == state_bytes(rig.machine.state()));
  bolt::Reader reader = *bolt::Reader::open(reads(file), file.size());
  std::string last;
  std::size_t keys = 0;
  ASSERT_TRUE(reader.each("key", [&](std::string_view at, std::string_view) -> Result<void> {
    EXPECT_LT(last, at);
    last = at;
    ++keys;
    return {};
  }));
  EXPECT_EQ(keys, 30'001U);
  // What is asked for is not held in memory meanwhile: a slice and a value at most.
  Backup backup(rig.machine.state(), {{1}, {7}});
  std::string out;
  std::size_t most = 0;
  while (backup.step(500, out)) {
    most = std::max(most, out.size());
    out.clear();
  }
  EXPECT_LT(most, (3U << 20U) + (200U << 10U));
}

TEST(Backup, a_state_that_is_replaced_ends_it) {
  KvRig rig, other;
  for (int i = 0; i < 10; ++i) rig.put("a", "1");
  Backup backup(rig.machine.state(), {{1}, {7}});
  std::string file;
  ASSERT_TRUE(backup.step(1, file));
  EXPECT_FALSE(backup.lost());
  const auto writer = rig.machine.restore();
  ASSERT_TRUE(writer->add(state_bytes(other.machine.state())));
  ASSERT_TRUE(writer->commit());
  EXPECT_FALSE(backup.step(1000, file));
  EXPECT_TRUE(backup.lost());
}

TEST(BackupImport, a_revision_is_raised_and_what_was_before_compacted) {
  KvRig rig;
  rig.put("a", "1");
  rig.put("a", "2");
  rig.put("gone", "1");
  rig.erase("gone");
  const std::string file = file_of(rig.machine.state());
  const auto state = imported(file, {.bump_revision = 1000, .mark_compacted = true});
  ASSERT_TRUE(state) << state.error().what;
  EXPECT_EQ((*state)->store.revision(), 1005);
  EXPECT_EQ((*state)->store.compacted(), 1005);
  EXPECT_EQ((*state)->store.keys(), 1);
  EXPECT_EQ((*state)->store.find("a")->main, 3);
  (*state)->store.check();
  EXPECT_FALSE(imported(file, {.bump_revision = -1}));
}

// As etcd writes it.
TEST(BackupImport, leases_that_are_gone_and_raised_revisions_are_taken) {
  bolt::Writer counting;
  const auto fill = [](bolt::Writer& writer) {
    writer.begin_bucket("key");
    const std::string value("\x0a\x01k\x10\x02\x18\x02\x20\x01\x2a\x01v\x30\x09", 14);
    if (std::string* out = writer.add(std::string("\0\0\0\0\0\0\0\2_\0\0\0\0\0\0\0\0", 17), 14))
      *out += value;
    writer.add(std::string("\0\0\0\0\0\0\0\x77_\0\0\0\0\0\0\0\0", 17), 0);
    writer.end_bucket();
    return writer.end();
  };
  bolt::Writer writer(fill(counting));
  fill(writer);
  const auto state = imported(writer.out());
  ASSERT_TRUE(state) << state.error().what;
  EXPECT_EQ((*state)->store.revision(), 0x77);
  const kv::Version* const found = (*state)->store.find("k");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ((*state)->store.item(*found).value, "v");
  EXPECT_EQ(found->lease, 0);
}

// Nothing but an answer is asked for: a sentence, or a state.
TEST(BackupImport, bytes_that_nobody_wrote_are_refused) {
  KvRig rig;
  rig.run(kv::LeaseGrant{4, 60});
  for (int i = 0; i < 200; ++i) rig.put("a", std::string(40, 'x'), 4);
  const std::string file = file_of(rig.machine.state());
  std::size_t refused = 0;
  Prng prng(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string other = file;
    const std::size_t at = prng.next() % other.size();
    other[at] = static_cast<char>(prng.next());
    if (i % 3 == 0) other[prng.next() % other.size()] = static_cast<char>(prng.next());
    // A head is not looked at without its sum.
    const auto state = imported(other);
    refused += state ? 0 : 1;
    if (state) (*state)->store.check();
  }
  EXPECT_GT(refused, 1000U);
  for (std::size_t bytes = 0; bytes < file.size() - sum_bytes; bytes += 500)
    EXPECT_FALSE(imported(file.substr(0, bytes))) << bytes;
  EXPECT_FALSE(imported(std::string(100'000, 'x')));
}

// A branch that leads back to where it came from.
TEST(BackupImport, a_circle_is_no_tree) {
  KvRig rig;
  std::string key;
  for (int i = 0; i < 3000; ++i) rig.put(key = std::to_string(i), "");
  std::string file = file_of(rig.machine.state());
  bool has_branch = false;
  for (std::size_t at = 3 * bolt::page_bytes; at + bolt::page_bytes < file.size();
       at += bolt::page_bytes) {
    if (file[at + 8] != static_cast<char>(bolt::branch_page)) continue;
    has_branch = true;
    bowline::store(&file[at + bolt::page_head_bytes + 8], std::uint64_t{at / bolt::page_bytes});
  }
  EXPECT_TRUE(has_branch);
  EXPECT_FALSE(imported(file));
}

}  // namespace
}  // namespace bowline::etcd

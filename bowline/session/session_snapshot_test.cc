// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"
#include "bowline/base/prng.h"
#include "bowline/session/session_rig.h"
#include "bowline/session/snapshot.h"

namespace bowline::session {
namespace {

using namespace std::string_view_literals;

void fill(Rig& rig) {
  rig.say(SetBounds{{1, 2, 3, 4, 6, 5}});
  rig.say(Tick{2});
  const SessionId session = rig.open();
  rig.say(Tick{3});
  rig.call(session, 6, 5, "a");
  rig.diary.longer = "long";
  rig.call(session, 5, 5, "b");
  rig.say(Tick{4});
}

// docs/SESSIONS.md shows them.
TEST(SessionSnapshot, the_bytes_are_the_ones_that_are_promised) {
  const std::string table("\1\2\3\4\6\5\4\1\3\1\5\2\0\0\1\3#1", 18);
  std::string wanted("BnsS\1\0\0\0\x12\0\0\0\0\0\0\0", 16);
  put(wanted, crc32c(table));
  Rig rig;
  fill(rig);
  EXPECT_EQ(rig.saved(), wanted + table + "a\nb\n");
}

TEST(SessionSnapshot, behind_the_table_it_is_ready_when_the_machine_is) {
  struct Slow final : machine::Reader {
    bool is_ready() override { return ready; }
    Result<std::string> next(std::size_t /*most*/) override { return "all"; }
    bool ready = false;
  };
  auto within = std::make_unique<Slow>();
  Slow& slow = *within;
  const auto reader = snapshot_of("table", std::move(within));
  EXPECT_TRUE(reader->is_ready());
  EXPECT_EQ(reader->next(1000)->size(), snapshot_head_bytes + 5);
  EXPECT_FALSE(reader->is_ready());
  slow.ready = true;
  EXPECT_TRUE(reader->is_ready());
  EXPECT_EQ(*reader->next(1000), "all");
}

TEST(SessionSnapshot, in_any_pieces_it_is_the_same) {
  Rig rig;
  fill(rig);
  const std::string whole = rig.saved();
  for (std::size_t piece = 1; piece <= whole.size(); ++piece) {
    EXPECT_EQ(rig.saved(piece), whole);
    Rig other;
    ASSERT_TRUE(other.load(whole, piece)) << piece;
    EXPECT_EQ(other.saved(), whole);
    EXPECT_EQ(other.diary.entries, rig.diary.entries);
  }
}

TEST(SessionSnapshot, what_does_not_end_as_it_should_is_refused_and_changes_nothing) {
  Rig rig;
  fill(rig);
  const std::string whole = rig.saved();
  for (std::size_t size = 0; size < snapshot_head_bytes + 18; ++size)
    EXPECT_FALSE(rig.load(whole.substr(0, size))) << size;
  for (std::size_t at = 0; at < snapshot_head_bytes + 18; ++at) {
    std::string other = whole;
    other[at] ^= 1;
    EXPECT_FALSE(rig.load(other, 3)) << at;
  }
  EXPECT_EQ(rig.saved(), whole);
}

TEST(SessionSnapshot, one_that_is_not_committed_never_happened) {
  Rig rig;
  fill(rig);
  const std::string whole = rig.saved();
  {
    const auto writer = rig.machine.restore();
    ASSERT_TRUE(writer->add(Rig().saved()));
  }
  EXPECT_EQ(rig.saved(), whole);
}

TEST(SessionSnapshot, a_table_that_nobody_wrote_is_refused) {
  const std::string bounds = "\x10\2\3\4\6\5";
  const auto good = [&](std::string_view rest) {
    return Table::decode(bounds + std::string(rest)).has_value();
  };
  EXPECT_TRUE(good("\4\2\3\1\5\0\4\0\5\0"sv));
  EXPECT_FALSE(good("\4\2\3\1\5\0\3\0\5\0"sv));          // two sessions with one id
  EXPECT_FALSE(good("\4\2\3\1\5\0\4\2\5\0"sv));          // not in the order of their use
  EXPECT_FALSE(good("\4\2\3\5\5\0\4\0\5\0"sv));          // used before time began
  EXPECT_FALSE(good("\4\x11\3\1\5\0"sv));                // more of them than may be
  EXPECT_FALSE(good("\4\1\0\1\5\0"sv));                  // session 0
  EXPECT_FALSE(good("\4\1\3\1\0\0"sv));                  // from 0
  EXPECT_FALSE(good("\4\1\3\1\5\2\1\0\1\0"sv));          // one call twice
  EXPECT_FALSE(good("\4\1\3\1\5\1\0\6abcde"sv));         // more bytes than may be kept
  EXPECT_FALSE(good("\4\1\3\1\5\1\0\xff\xff\xff\7"sv));  // an answer beyond the end
  EXPECT_FALSE(good("\4\0x"sv));
  EXPECT_FALSE(Table::decode("\0\2\3\4\6\5\4\0"sv).has_value());  // bounds that cannot work
  EXPECT_TRUE(good("\4\0"sv));
}

// The sum is right, so that the decoder itself has to stand it.
TEST(SessionSnapshot, hostile_tables_are_errors_or_make_sense) {
  Rig rig;
  fill(rig);
  rig.say(SetBounds{{}});
  for (int i = 0; i < 5; ++i) rig.call(rig.open(), 1, 1, "x");
  const std::string table = rig.machine.table().encode();
  Prng prng(1);
  std::uint64_t accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string other = table;
    for (std::uint64_t k = 1 + prng.below(3); k > 0; --k)
      other[prng.below(other.size())] = static_cast<char>(prng.next());
    if (prng.chance(20)) other.resize(prng.below(other.size()));
    const auto decoded = Table::decode(other);
    if (!decoded) continue;
    ++accepted;
    EXPECT_EQ((*decoded)->encode(), other);
  }
  EXPECT_GT(accepted, 0U);
}

}  // namespace
}  // namespace bowline::session

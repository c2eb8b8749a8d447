// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/row.h"

#include <string>

#include <gtest/gtest.h>

#include "bowline/base/encoding.h"
#include "bowline/wal/batch.h"
#include "bowline/wal/forge.h"

namespace bowline::wal {
namespace {

struct Laid {
  explicit Laid(const Draft& draft) : content(draft.bytes()) {
    blocks.assign(blocks_for(content) * block_bytes, '\xaa');
    draft.lay_out(blocks.data());
    seal(blocks, place, 9, static_cast<std::uint32_t>(content));
  }
  std::optional<Batch> read() {
    return examine(blocks, place,
                   {9, 0, static_cast<std::uint32_t>(blocks.size() / block_bytes),
                    static_cast<std::uint32_t>(content)});
  }

  static constexpr Place place{1, 2, 3};
  std::uint64_t content;
  std::string blocks;
};

void expect_same(const raft::Batch& wanted, const std::vector<EntryHead>& found,
                 std::string_view blocks) {
  ASSERT_EQ(wanted.size(), found.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(wanted[i].id, found[i].id);
    EXPECT_EQ(wanted[i].kind, found[i].kind);
    EXPECT_EQ(wanted[i].payload, payload_of(blocks, found[i]));
  }
}

TEST(Row, what_is_written_is_what_is_read) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Prng prng(seed);
    Draft draft;
    const Follows follows{prng.below(9), prng.below(99), prng.next()};
    if (prng.chance(20)) draft.follow(follows);
    std::vector<raft::Persist> writes;
    for (std::uint64_t i = prng.below(5); i > 0; --i) {
      writes.push_back(random_write(prng));
      draft.add({seed}, 100 + i, writes.back(), prng.chance(10));
    }
    draft.add_forget({3}, 7);
    Laid laid(draft);
    const auto batch = laid.read();
    ASSERT_TRUE(batch.has_value()) << seed;
    EXPECT_EQ(batch->state, State::whole);
    if (batch->table.follows) {
      EXPECT_EQ(*batch->table.follows, follows);
    }
    ASSERT_EQ(batch->table.rows.size(), writes.size() + 1);
    EXPECT_TRUE(batch->table.rows.back().forget);
    for (std::size_t i = 0; i < writes.size(); ++i) {
      const Row& row = batch->table.rows[i];
      EXPECT_EQ(row.group, GroupId{seed});
      EXPECT_EQ(row.number, 100 + writes.size() - i);
      EXPECT_EQ(row.hard, writes[i].hard_state);
      EXPECT_EQ(row.cut_after, writes[i].cut_after);
      EXPECT_EQ(row.discard, writes[i].discard);
      ASSERT_EQ(row.base.has_value(), writes[i].base.has_value());
      if (row.base) {
        EXPECT_EQ(row.base->id, writes[i].base->id);
        EXPECT_EQ(row.base->membership_index, writes[i].base->membership_index);
        EXPECT_EQ(row.base->known_in, writes[i].base->known_in);
        EXPECT_EQ(row.base->membership == nullptr, writes[i].base->membership == nullptr);
        if (row.base->membership) {
          EXPECT_EQ(*row.base->membership, *three_members());
        }
      }
      expect_same(writes[i].repaired, row.repaired, laid.blocks);
      expect_same(writes[i].entries, row.entries, laid.blocks);
    }
  }
}

TEST(Row, two_bad_blocks_lose_the_payloads_in_them_and_no_others) {
  Prng prng(5);
  Draft draft;
  raft::Persist write;
  write.entries = random_entries(prng, {{1}, {0}}, 12, 0);
  for (raft::Entry& entry : write.entries)
    entry = {entry.id, raft::Kind::command, Bytes::own(random_bytes(prng, 2000))};
  draft.add({1}, 1, write);
  Laid laid(draft);
  for (const std::size_t bad : {std::size_t{2}, std::size_t{4}})
    laid.blocks[bad * block_bytes] ^= 1;
  const auto batch = laid.read();
  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(batch->state, State::damaged);
  std::size_t lost = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    const EntryHead& entry = batch->table.rows[0].entries[i];
    const std::uint64_t first = entry.at / room_bytes;
    const std::uint64_t last = (entry.at + entry.bytes - 1) / room_bytes;
    const bool touched = (first <= 2 && last >= 2) || (first <= 4 && last >= 4);
    EXPECT_EQ(entry.lost, touched) << i;
    lost += entry.lost ? 1 : 0;
    if (!entry.lost) {
      EXPECT_EQ(payload_of(laid.blocks, entry), write.entries[i].payload);
    }
  }
  EXPECT_GT(lost, 2U);
}

TEST(Row, a_table_that_was_cut_or_changed_is_refused_or_makes_sense) {
  Prng prng(9);
  for (int round = 0; round < 3000; ++round) {
    Draft draft;
    for (std::uint64_t i = prng.below(4); i > 0; --i) draft.add({i}, i, random_write(prng));
    const Laid laid(draft);
    std::string whole = gather(laid.blocks, 0, laid.content);
    std::string table = whole.substr(0, load<std::uint32_t>(whole.data()));
    ASSERT_TRUE(decode_table(table, laid.content));
    EXPECT_FALSE(
        decode_table(std::string_view(table).substr(0, prng.below(table.size())), laid.content));
    EXPECT_FALSE(decode_table(table, laid.content + 1));
    table[prng.below(table.size())] = static_cast<char>(prng.next());
    const auto decoded = decode_table(table, laid.content);
    if (!decoded) continue;
    for (const Row& row : decoded->rows) {
      for (const EntryHead& entry : row.entries) {
        EXPECT_LE(entry.at + entry.bytes, laid.content);
      }
    }
  }
}

}  // namespace
}  // namespace bowline::wal

// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/tail.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"

namespace bowline::wal {
namespace {

constexpr GroupId one{1};
constexpr GroupId two{2};
constexpr std::size_t frame_bytes = 512 << 10;

raft::Persist entries(std::uint64_t first, std::size_t count, std::uint64_t term = 1,
                      std::size_t bytes = 100) {
  raft::Persist write;
  for (std::size_t i = 0; i < count; ++i)
    write.entries.push_back(
        {{{term}, {first + i}}, raft::Kind::command, Bytes::own(std::string(bytes, 'e'))});
  return write;
}

TEST(Tail, gives_what_was_written_last_at_once_and_as_much_as_was_asked_for) {
  Tail tail(1 << 20);
  tail.take(one, entries(1, 10), 1);
  EXPECT_EQ(tail.peek(one, {0}, {10}, 1 << 20).size(), 10U);
  EXPECT_EQ(tail.peek(one, {4}, {7}, 1 << 20).size(), 3U);
  EXPECT_EQ(tail.peek(one, {4}, {7}, 250).size(), 2U);
  EXPECT_EQ(tail.peek(one, {4}, {7}, 1).size(), 1U) << "at least one";
  EXPECT_TRUE(tail.peek(one, {10}, {12}, 1 << 20).empty());
  EXPECT_TRUE(tail.peek(two, {0}, {10}, 1 << 20).empty());
}

TEST(Tail, keeps_what_is_not_durable_however_much_it_is) {
  Tail tail(1000);
  tail.take(one, entries(1, 20), 1);
  tail.take(two, entries(1, 20), 2);
  EXPECT_EQ(tail.peek(one, {0}, {20}, 1 << 20).size(), 20U);
  tail.durable(1);
  EXPECT_TRUE(tail.peek(one, {0}, {20}, 1 << 20).empty());
  EXPECT_EQ(tail.peek(two, {0}, {20}, 1 << 20).size(), 20U);
  tail.durable(2);
  EXPECT_LE(tail.bytes(), 1000U);
  EXPECT_FALSE(tail.peek(two, {19}, {20}, 1 << 20).empty()) << "the newest stay";
}

TEST(Tail, what_is_left_of_a_write_that_went_in_part_goes_when_others_write) {
  Tail tail(1000);
  tail.take(two, entries(1, 20), 1);
  tail.durable(1);
  const std::uint64_t left = tail.bytes();
  EXPECT_GT(left, 0U);
  EXPECT_LE(left, 1000U);
  for (std::uint64_t i = 1; i <= 20; ++i) {
    tail.take(one, entries(i, 1), i + 1);
    tail.durable(i + 1);
    EXPECT_LE(tail.bytes(), 1000U);
  }
  EXPECT_EQ(tail.first(two), Index{});
  EXPECT_FALSE(tail.peek(one, {19}, {20}, 1 << 20).empty());
}

TEST(Tail, remembers_no_more_writes_than_it_keeps_where_bases_keep_it_small) {
  Tail tail(1 << 30);
  tail.take(two, entries(1, 1), 1);  // stays for ever
  for (std::uint64_t i = 1; i <= 10'000; ++i) {
    raft::Persist write = entries(i, 1);
    write.base = raft::Base{{{1}, {i - 1}}, nullptr, {}, {1}};
    tail.take(one, write, i + 1);
    tail.durable(i + 1);
  }
  EXPECT_LT(tail.remembered(), 200U);
  EXPECT_EQ(tail.first(one), Index{10'000});
  EXPECT_EQ(tail.first(two), Index{1});
}

TEST(Tail, remembers_nothing_of_groups_that_came_to_rest) {
  Tail tail(1 << 30);
  for (std::uint64_t i = 1; i <= 10'000; ++i) {
    tail.take({i}, entries(1, 1), i);
    tail.durable(i);
  }
  for (std::uint64_t i = 1; i <= 10'000; ++i) tail.forget({i});
  EXPECT_LT(tail.remembered(), 100U);
  EXPECT_EQ(tail.bytes(), 0U);
}

TEST(Tail, an_old_arrival_does_not_take_a_newer_entry_of_its_index_away) {
  Tail tail(0);
  tail.take(one, entries(1, 5), 1);
  raft::Persist again = entries(3, 3, 2);
  again.cut_after = Index{2};
  tail.take(one, again, 2);
  tail.durable(1);
  EXPECT_TRUE(tail.peek(one, {0}, {2}, 1 << 20).empty());
  const raft::Batch kept = tail.peek(one, {2}, {9}, 1 << 20);
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[0].id.term, Term{2});
}

// Entries as a letter brings them: parts of a frame, which is all that the test keeps of it.
struct Framed {
  raft::Persist write;
  std::weak_ptr<const std::string> frame;
};
Framed framed(std::uint64_t first, std::size_t count, std::size_t bytes) {
  const auto frame = std::make_shared<const std::string>(frame_bytes, 'e');
  Framed made{.write = entries(first, count, 1, 0), .frame = frame};
  for (std::size_t i = 0; i < count; ++i)
    made.write.entries[i].payload =
        Bytes::part(frame, std::string_view(*frame).substr(i * bytes, bytes));
  return made;
}

TEST(Tail, an_entry_does_not_keep_the_frame_of_which_it_is_a_small_part) {
  Tail tail(64 << 20);
  std::vector<std::weak_ptr<const std::string>> frames;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    const Framed one_entry = framed(i, 1, 16);
    tail.take(one, one_entry.write, i);
    tail.durable(i);
    frames.push_back(one_entry.frame);
  }
  EXPECT_EQ(tail.bytes(), 100 * (16 + raft::entry_overhead));
  const auto kept =
      std::ranges::count_if(frames, [](const auto& frame) { return !frame.expired(); });
  EXPECT_EQ(kept, 0) << "of " << frame_bytes << " bytes each";
  EXPECT_EQ(tail.peek(one, {0}, {100}, 1 << 20).size(), 100U);
  EXPECT_EQ(tail.peek(one, {41}, {42}, 1 << 20)[0].payload.view(), std::string(16, 'e'));
}

TEST(Tail, entries_that_make_up_their_frame_are_not_copied) {
  Tail tail(64 << 20);
  const Framed full = framed(1, 4096, 128);
  tail.take(one, full.write, 1);
  const raft::Batch kept = tail.peek(one, {0}, {4096}, 1 << 20);
  ASSERT_EQ(kept.size(), 4096U);
  for (std::size_t i = 0; i < kept.size(); ++i)
    EXPECT_EQ(kept[i].payload.view().data(), full.write.entries[i].payload.view().data());
}

TEST(Tail, what_is_left_of_a_write_does_not_keep_the_frame_that_brought_it) {
  for (const bool cuts : {true, false}) {
    Tail tail(64 << 20);
    Framed full = framed(1, 4096, 128);
    tail.take(one, full.write, 1);
    full.write = {};
    EXPECT_FALSE(full.frame.expired());
    raft::Persist next;
    if (cuts) {
      next.cut_after = Index{10};
    } else {
      next.base = raft::Base{{{1}, {4086}}, nullptr, {}, {1}};
    }
    tail.take(one, next, 2);
    EXPECT_EQ(tail.bytes(), 10 * (128 + raft::entry_overhead));
    EXPECT_TRUE(full.frame.expired());
    EXPECT_EQ(tail.peek(one, tail.first(one) == Index{1} ? Index{0} : Index{4086}, {4096}, 1 << 20)
                  .size(),
              10U);
  }
}

TEST(Tail, weighs_nothing_once_everything_is_gone) {
  Prng prng(3);
  for (int round = 0; round < 100; ++round) {
    const std::uint64_t limit = prng.below(3000);
    Tail tail(limit);
    std::map<std::uint64_t, std::uint64_t> last;
    std::uint64_t number = 0;
    for (int i = 0; i < 50; ++i) {
      const std::uint64_t group = 1 + prng.below(3);
      raft::Persist write = entries(last[group] + 1, prng.below(5));
      if (prng.chance(20) && last[group] > 0) {
        const std::uint64_t keep = prng.below(last[group] + 1);
        write = entries(keep + 1, prng.below(5), static_cast<std::uint64_t>(i) + 2);
        write.cut_after = Index{keep};
        last[group] = keep;
      }
      last[group] += write.entries.size();
      tail.take({group}, write, ++number);
      if (prng.chance(30)) tail.durable(number - prng.below(2));
      if (!prng.chance(30)) continue;
      tail.durable(number);
      EXPECT_LE(tail.bytes(), limit);
    }
    for (std::uint64_t group = 1; group <= 3; ++group) {
      if (prng.chance(50)) {
        tail.forget({group});
        continue;
      }
      raft::Persist base;
      base.base = raft::Base{{{1}, {last[group]}}, nullptr, {}, {1}};
      tail.take({group}, base, ++number);
    }
    EXPECT_EQ(tail.bytes(), 0U);
  }
}

}  // namespace
}  // namespace bowline::wal

// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/walk.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"
#include "bowline/wal/forged_segment.h"

namespace bowline::wal {
namespace {

using Segment = ForgedSegment;

struct Walked {
  std::vector<Judged> all;
  std::uint64_t most_held = 0;  // blocks
};

Walked walk(const Segment& segment, std::uint64_t blocks_at_once) {
  Walked walked;
  Walk walk({forged_disk, segment.number(), 0}, segment.end(), 64);
  while (!walk.ended()) {
    const std::uint64_t count = std::min(blocks_at_once, segment.end() - walk.wanted());
    walk.feed(
        std::string_view(segment.bytes()).substr(walk.wanted() * block_bytes, count * block_bytes));
    walked.most_held = std::max(walked.most_held, walk.blocks().size() / block_bytes);
    while (const auto judged = walk.judge()) {
      walked.all.push_back(*judged);
      walk.pass(*judged);
    }
  }
  return walked;
}

Segment some() { return Segment().first(7, 3).add(8, 20).add(9, 0).add(10, 5); }

// All of it is told, without gaps and in order.
void expect_all_told(const Walked& walked, const Segment& segment) {
  std::uint64_t at = 0;
  for (const Judged& judged : walked.all) {
    EXPECT_EQ(judged.block, at);
    at += judged.blocks;
  }
  EXPECT_EQ(at, segment.end());
}

TEST(Walk, sees_what_a_survey_sees_whatever_the_pieces) {
  Prng prng(1);
  std::uint64_t damaged = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    Segment segment = some();
    for (std::uint64_t bad = prng.below(4); bad > 0; --bad) {
      const std::size_t batch = prng.below(4);
      const std::uint64_t end = batch == 3 ? segment.end() : segment.begin(batch + 1);
      segment.spoil(batch, prng.below(end - segment.begin(batch)));
    }
    const Walked walked = walk(segment, 1 + prng.below(9));
    expect_all_told(walked, segment);
    const auto survey = segment.judged(segment.sealed());
    if (!survey) continue;
    std::size_t at = 0;
    for (const Judged& judged : walked.all) {
      const Batch& batch = survey->batches[at++];
      ASSERT_EQ(judged.block, batch.block);
      ASSERT_EQ(judged.blocks, batch.blocks);
      ASSERT_EQ(judged.state(), batch.state);
      ASSERT_EQ(judged.batch.has_value(), !batch.echoed);
      damaged += batch.state == State::damaged ? 1 : 0;
    }
    ASSERT_EQ(at, survey->batches.size());
  }
  EXPECT_GT(damaged, 200U);
}

TEST(Walk, holds_no_more_than_a_batch_and_a_piece) {
  const Segment segment = some();
  EXPECT_LE(walk(segment, 1).most_held, 6U);
  EXPECT_LE(walk(segment, 4).most_held, 6U + 4U);
}

TEST(Walk, batches_of_which_nothing_is_left_are_one_gap) {
  Segment segment = some();
  segment.erase(1, segment.begin(3) - segment.begin(1));
  const Walked walked = walk(segment, 4);
  expect_all_told(walked, segment);
  ASSERT_EQ(walked.all.size(), 3U);
  EXPECT_EQ(walked.all[0].state(), State::whole);
  EXPECT_FALSE(walked.all[1].batch);
  EXPECT_EQ(walked.all[1].number, 0U);
  EXPECT_EQ(walked.all[2].state(), State::whole);
  EXPECT_EQ(walked.all[2].number, 10U);
}

TEST(Walk, nothing_at_all_is_one_gap_too) {
  Segment segment = some();
  segment.erase(0, segment.end());
  const Walked walked = walk(segment, 4);
  expect_all_told(walked, segment);
  ASSERT_EQ(walked.all.size(), 1U);
  EXPECT_EQ(walked.all[0].state(), State::damaged);
}

TEST(Walk, what_lies_behind_the_end_is_not_asked_for) {
  Segment segment = some();
  Walk walk({forged_disk, segment.number(), 0}, segment.begin(2), 64);
  walk.feed(std::string_view(segment.bytes()).substr(0, segment.begin(2) * block_bytes));
  std::uint64_t batches = 0;
  while (const auto judged = walk.judge()) {
    EXPECT_EQ(judged->state(), State::whole);
    walk.pass(*judged);
    ++batches;
  }
  EXPECT_EQ(batches, 2U);
  EXPECT_TRUE(walk.ended());
}

TEST(Walk, a_batch_that_does_not_belong_there_is_not_trusted) {
  Segment segment;
  segment.first(7, 3).add(9, 3);  // where is 8?
  const Walked walked = walk(segment, 4);
  ASSERT_EQ(walked.all.size(), 2U);
  EXPECT_EQ(walked.all[0].state(), State::whole);
  EXPECT_FALSE(walked.all[1].batch);
  EXPECT_EQ(walked.all[1].number, 9U);
}

TEST(Walk, a_block_that_is_good_in_one_of_two_looks_is_good) {
  const auto look = [](std::uint64_t bad) { return some().spoil(1, bad).spoil(1, bad + 1); };
  const Segment first = look(0);
  const Segment second = look(2);
  Walk walk({forged_disk, first.number(), 0}, first.end(), 64);
  walk.feed(std::string_view(first.bytes()).substr(0, first.end() * block_bytes));
  walk.pass(*walk.judge());
  EXPECT_EQ(walk.judge()->state(), State::damaged);
  const std::uint64_t begin = first.begin(1);
  const std::uint64_t blocks = first.begin(2) - begin;
  walk.renew(begin,
             std::string_view(second.bytes()).substr(begin * block_bytes, blocks * block_bytes));
  const auto judged = walk.judge();
  ASSERT_TRUE(judged);
  EXPECT_EQ(judged->state(), State::whole);
  EXPECT_EQ(walk.blocks().substr(0, blocks * block_bytes),
            std::string_view(some().bytes()).substr(begin * block_bytes, blocks * block_bytes));
}

TEST(Walk, a_block_that_is_bad_in_both_looks_is_made_again_as_before) {
  const Segment bad = some().spoil(1, 3);
  Walk walk({forged_disk, bad.number(), 0}, bad.end(), 64);
  walk.feed(std::string_view(bad.bytes()).substr(0, bad.end() * block_bytes));
  walk.pass(*walk.judge());
  EXPECT_EQ(walk.judge()->state(), State::mended);
  const std::uint64_t begin = bad.begin(1);
  const std::uint64_t bytes = (bad.begin(2) - begin) * block_bytes;
  walk.renew(begin, std::string_view(bad.bytes()).substr(begin * block_bytes, bytes));
  EXPECT_EQ(walk.judge()->state(), State::mended);
  EXPECT_EQ(walk.blocks().substr(0, bytes),
            std::string_view(some().bytes()).substr(begin * block_bytes, bytes));
}

}  // namespace
}  // namespace bowline::wal

// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/survey.h"

#include <string>

#include <gtest/gtest.h>

#include "bowline/wal/forged_segment.h"

namespace bowline::wal {
namespace {

using Segment = ForgedSegment;

std::vector<State> states(const Survey& survey) {
  std::vector<State> found;
  found.reserve(survey.batches.size());
  for (const Batch& batch : survey.batches) found.push_back(batch.state);
  return found;
}

TEST(Survey, an_empty_segment_has_nothing_in_it) {
  const auto survey = Segment().judged();
  ASSERT_TRUE(survey);
  EXPECT_TRUE(survey->batches.empty());
  EXPECT_FALSE(survey->torn);
}

TEST(Survey, whole_batches_are_found_one_behind_the_other) {
  Segment segment;
  segment.first(7, 3).add(8, 20).add(9, 0);
  const auto survey = segment.judged();
  ASSERT_TRUE(survey) << survey.error().what;
  EXPECT_EQ(states(*survey), (std::vector{State::whole, State::whole, State::whole}));
  EXPECT_EQ(survey->end, segment.end());
  EXPECT_EQ(survey->last(), 9U);
  EXPECT_EQ(survey->batches[1].table.rows[0].entries.size(), 20U);
}

TEST(Survey, one_bad_block_is_mended_in_any_batch) {
  for (const std::size_t batch : {0U, 1U, 2U}) {
    const auto survey = Segment().first(7, 3).add(8, 20).add(9, 2).spoil(batch, 1).judged();
    ASSERT_TRUE(survey) << survey.error().what;
    ASSERT_EQ(survey->batches.size(), 3U);
    EXPECT_EQ(survey->batches[batch].state, State::mended);
    for (const EntryHead& entry : survey->batches[batch].table.rows[0].entries)
      EXPECT_FALSE(entry.lost);
  }
}

TEST(Survey, more_bad_blocks_in_the_last_batch_are_a_write_that_never_ended) {
  Segment segment;
  segment.first(7, 3).add(8, 20).spoil(1, 2).spoil(1, 4);
  const auto survey = segment.judged();
  ASSERT_TRUE(survey) << survey.error().what;
  EXPECT_EQ(survey->batches.size(), 1U);
  EXPECT_TRUE(survey->torn);
  EXPECT_EQ(survey->end, segment.begin(1));
  EXPECT_EQ(survey->highest, 8U);
}

TEST(Survey, blocks_that_the_disk_does_not_give_hide_the_end_only_where_a_batch_may_lie) {
  const auto hides = [](const Survey& survey, const std::vector<std::uint64_t>& unreadable) {
    return hides_the_end(survey, unreadable);
  };
  Segment segment;
  segment.first(7, 3).add(8, 20).spoil(1, 2).spoil(1, 4);
  const Survey torn = *segment.judged();
  const std::uint64_t behind = torn.end + torn.torn_blocks;
  EXPECT_EQ(behind, segment.end());
  EXPECT_TRUE(hides(torn, {torn.end}));
  EXPECT_TRUE(hides(torn, {behind - 1}));
  EXPECT_FALSE(hides(torn, {torn.end - 1, behind}));
  EXPECT_FALSE(hides(torn, {torn.end - 1, behind + 1, behind + 2}));
  EXPECT_TRUE(hides(torn, {behind, behind + 1})) << "what proves that it was durable";
  const Survey ended = *Segment().first(7, 3).judged();
  EXPECT_TRUE(hides(ended, {ended.end, ended.end + 1}));
  EXPECT_FALSE(hides(ended, {ended.end, ended.end + 2}));
  EXPECT_FALSE(hides(ended, {ended.end - 1, ended.end + 1}));
}

TEST(Survey, more_bad_blocks_in_a_batch_that_another_follows_are_damage) {
  const auto survey = Segment().first(7, 3).add(8, 20).add(9, 0).spoil(1, 2).spoil(1, 4).judged();
  ASSERT_TRUE(survey) << survey.error().what;
  ASSERT_EQ(survey->batches.size(), 3U);
  EXPECT_EQ(survey->batches[1].state, State::damaged);
  EXPECT_FALSE(survey->torn);
}

TEST(Survey, damage_at_the_end_is_no_tear_when_the_next_segment_knows_better) {
  Segment segment;
  segment.first(7, 3).add(8, 20).spoil(1, 2).spoil(1, 4);
  const auto survey = segment.judged(segment.sealed());
  ASSERT_TRUE(survey) << survey.error().what;
  ASSERT_EQ(survey->batches.size(), 2U);
  EXPECT_EQ(survey->batches[1].state, State::damaged);
}

TEST(Survey, what_lies_behind_the_end_that_the_next_segment_tells_does_not_count) {
  Segment segment;
  segment.first(7, 3).add(8, 20).spoil(1, 2).spoil(1, 4);
  const auto survey = segment.judged(Seal{{5, segment.begin(1), 7}, {}});
  ASSERT_TRUE(survey) << survey.error().what;
  EXPECT_EQ(survey->batches.size(), 1U);
}

std::size_t lost_in(const Batch& batch) {
  std::size_t lost = 0;
  for (const EntryHead& entry : batch.table.rows.at(0).entries) lost += entry.lost ? 1 : 0;
  return lost;
}

TEST(Survey, a_batch_that_is_gone_altogether_is_known_from_the_next_one) {
  const auto middle = Segment().first(7, 3).add(8, 2).add(9, 2).erase(1, 2).judged();
  ASSERT_TRUE(middle) << middle.error().what;
  ASSERT_EQ(middle->batches.size(), 3U);
  EXPECT_EQ(middle->batches[1].state, State::damaged);
  EXPECT_TRUE(middle->batches[1].echoed);
  EXPECT_EQ(middle->batches[1].table.rows[0].number, 8U);
  EXPECT_EQ(lost_in(middle->batches[1]), 2U);
  const auto first = Segment().first(7, 3).add(8, 2).erase(0, 2).judged();
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_EQ(first->batches[0].table.follows, (Follows{4, 60, 6}));
  Segment segment;
  segment.first(7, 3).add(8, 2).erase(1, 2);
  const auto last = segment.judged(segment.sealed());
  ASSERT_TRUE(last) << last.error().what;
  EXPECT_EQ(lost_in(last->batches[1]), 2U);
}

TEST(Survey, a_lost_table_is_known_from_the_next_batch) {
  const auto survey = Segment().first(7, 3).add(8, 20).add(9, 2).spoil(1, 0).spoil(1, 3).judged();
  ASSERT_TRUE(survey) << survey.error().what;
  EXPECT_TRUE(survey->batches[1].echoed);
  EXPECT_GT(lost_in(survey->batches[1]), 4U);
  EXPECT_LT(lost_in(survey->batches[1]), 15U);
}

TEST(Survey, two_batches_that_are_gone_are_an_error_and_no_end) {
  EXPECT_FALSE(Segment().first(7, 3).add(8, 2).add(9, 2).add(10, 1).erase(1, 4).judged());
  Segment segment;
  segment.first(7, 3).add(8, 2).add(9, 2).erase(1, 4);
  EXPECT_FALSE(segment.judged(segment.sealed()));
  EXPECT_FALSE(segment.judged(Seal{{5, segment.end(), 9}, {}}));
}

TEST(Survey, the_log_goes_on_over_what_a_crash_left) {
  Segment segment;
  segment.first(7, 3).add(8, 20).spoil(1, 1).spoil(1, 3).resume_at(1);
  segment.add(9, 1, Follows{5, segment.end(), 7}).add(10, 1);
  const auto survey = segment.judged();
  ASSERT_TRUE(survey) << survey.error().what;
  EXPECT_EQ(states(*survey), (std::vector{State::whole, State::whole, State::whole}));
  EXPECT_EQ(survey->last(), 10U);
}

TEST(Survey, a_second_crash_at_the_same_place_is_a_tear_again) {
  Segment segment;
  segment.first(7, 3).add(8, 20).spoil(1, 1).spoil(1, 3).resume_at(1);
  segment.add(9, 5, Follows{5, segment.end(), 7}).spoil(1, 0).spoil(1, 1);
  const auto survey = segment.judged();
  ASSERT_TRUE(survey) << survey.error().what;
  EXPECT_EQ(survey->batches.size(), 1U);
  EXPECT_TRUE(survey->torn);
  EXPECT_EQ(survey->highest, 9U);
}

TEST(Survey, a_batch_out_of_turn_is_an_error) {
  EXPECT_FALSE(Segment().first(7, 3).add(9, 2).judged());
  EXPECT_FALSE(Segment().add(7, 3).judged());
  EXPECT_FALSE(Segment().first(7, 3).add(9, 2, Follows{5, 1, 7}).judged());
}

TEST(Survey, a_file_that_was_cut_short_is_an_error_and_no_end) {
  Segment segment;
  segment.first(7, 3).add(8, 20);
  std::string cut = segment.bytes().substr(0, (segment.end() - 2) * block_bytes);
  EXPECT_FALSE(survey(cut, {forged_disk, segment.number(), 0}, std::nullopt));
  const Seal seal{{segment.number(), segment.begin(1), 7}, {}};
  EXPECT_TRUE(survey(cut, {forged_disk, segment.number(), 0}, seal)) << "nothing is missing";
}

}  // namespace
}  // namespace bowline::wal

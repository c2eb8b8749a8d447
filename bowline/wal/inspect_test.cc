// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/inspect.h"

#include <string>

#include <gtest/gtest.h>

#include "bowline/wal/forged_segment.h"
#include "bowline/wal/weighing.h"

namespace bowline::wal {
namespace {

// Entries of group 1, from index `first` on, each with so many bytes.
Draft draft(std::uint64_t number, std::uint64_t first, std::size_t count,
            const std::optional<Follows>& follows = std::nullopt, bool moved = false) {
  Draft draft;
  if (follows) draft.follow(*follows);
  raft::Persist write;
  write.hard_state = raft::HardState{.term = {1}};
  for (std::uint64_t i = 0; i < count; ++i)
    write.entries.push_back(
        {{{1}, {first + i}}, raft::Kind::command, Bytes::own(std::string(1000, 'e'))});
  draft.add({1}, number, write, moved);
  return draft;
}

// Three batches in segment 1, then two in segment 2.
struct TwoSegments {
  TwoSegments() {
    first.put(1, draft(1, 1, 2, Follows{})).put(2, draft(2, 3, 8)).put(3, draft(3, 11, 1));
    second = ForgedSegment(2, first.echo());
    second.put(4, draft(4, 12, 8, first.follows())).put(5, draft(5, 20, 4));
  }
  Findings found() const {
    Inspector inspector({forged_disk});
    for (const ForgedSegment* segment : {&second, &first}) {
      std::string copy = segment->bytes();
      inspector.judge(segment->number(), copy);
    }
    return inspector.finish();
  }
  ForgedSegment first{1};
  ForgedSegment second;
};

TEST(Inspect, a_log_without_harm_is_put_together) {
  const Findings found = TwoSegments().found();
  EXPECT_FALSE(found.harmed());
  ASSERT_EQ(found.segments.size(), 2U);
  EXPECT_EQ(found.segments[0].number, 1U);
  EXPECT_EQ(found.segments[0].with(State::whole), 3U);
  EXPECT_FALSE(found.segments[0].newest);
  EXPECT_TRUE(found.segments[1].newest);
  EXPECT_TRUE(found.segments[1].steps.empty());
  EXPECT_EQ(found.segments[1].batches[0].entries, 8U);
  ASSERT_TRUE(found.groups.contains({1}));
  EXPECT_EQ(found.groups.at({1}).runs.last(), Index{23});
}

TEST(Inspect, one_bad_block_is_rot_unless_it_is_in_the_last_batch) {
  TwoSegments last;
  last.second.spoil(1, 0);
  EXPECT_FALSE(last.found().harmed());
  EXPECT_EQ(last.found().segments[1].with(State::mended), 1U);
  EXPECT_TRUE(last.found().segments[1].steps.at(0).contains("may never have ended"));
  TwoSegments earlier;
  earlier.second.spoil(0, 1);
  EXPECT_TRUE(earlier.found().harmed());
  EXPECT_FALSE(earlier.found().refused());
  EXPECT_TRUE(earlier.found().segments[1].steps.at(0).contains("rebuilds block 1 of batch 4"));
  TwoSegments before;
  before.first.spoil(2, 0);
  EXPECT_TRUE(before.found().harmed()) << "the last of a segment that another follows";
}

TEST(Inspect, a_write_that_never_ended_is_no_harm) {
  TwoSegments log;
  log.second.spoil(1, 0).spoil(1, 1);
  const Findings found = log.found();
  EXPECT_FALSE(found.harmed());
  EXPECT_TRUE(found.segments[1].torn);
  EXPECT_TRUE(found.segments[1].steps.at(0).contains("leaves out a write that never ended"));
  EXPECT_EQ(found.groups.at({1}).runs.last(), Index{19});
}

TEST(Inspect, damage_is_told_by_the_entries_that_it_costs) {
  TwoSegments log;
  log.first.spoil(1, 1).spoil(1, 2);
  const Findings found = log.found();
  EXPECT_TRUE(found.harmed());
  EXPECT_FALSE(found.refused());
  const BatchReport& batch = found.segments[0].batches.at(1);
  EXPECT_EQ(batch.state, State::damaged);
  EXPECT_EQ(batch.bad, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_GE(batch.lost, 4U);
  EXPECT_TRUE(found.segments[0].steps.at(0).contains(std::to_string(batch.lost) + " of 8 entries"));
  EXPECT_TRUE(found.segments[0].steps.at(0).contains("blocks 3, 4 rotted"));
}

TEST(Inspect, looks_on_where_an_opening_would_stop) {
  TwoSegments log;
  log.second.erase(0, 4).erase(1, 3);  // all of it: now it is no longer the newest
  ForgedSegment third(3, log.second.echo());
  third.put(6, draft(6, 24, 1, log.second.follows()));
  Inspector inspector({forged_disk});
  for (const ForgedSegment* segment : {&third, &log.second, &log.first}) {
    std::string copy = segment->bytes();
    inspector.judge(segment->number(), copy);
  }
  const Findings found = inspector.finish();
  EXPECT_TRUE(found.refused());
  EXPECT_NE(found.segments[1].wrong, "");
  EXPECT_EQ(found.segments[0].wrong, "");
  EXPECT_TRUE(found.segments[0].alone);
  EXPECT_EQ(found.segments[0].batches.size(), 3U);
  EXPECT_EQ(found.wrong, "") << "of course entries are missing then";
}

TEST(Inspect, a_segment_that_is_gone_is_missed) {
  TwoSegments log;
  ForgedSegment third(3, log.second.echo());
  third.put(6, draft(6, 24, 1, log.second.follows()));
  Inspector inspector({forged_disk});
  for (const ForgedSegment* segment : {&third, &log.first}) {
    std::string copy = segment->bytes();
    inspector.judge(segment->number(), copy);
  }
  const Findings found = inspector.finish();
  EXPECT_TRUE(found.refused());
  EXPECT_TRUE(found.segments[0].wrong.contains("the next segment follows segment 2"));
}

TEST(Inspect, entries_that_are_missing_in_the_midst_of_a_group_are_told) {
  ForgedSegment only(1);
  only.put(1, draft(1, 1, 2, Follows{})).put(2, draft(2, 4, 1));
  std::string copy = only.bytes();
  Inspector inspector({forged_disk});
  inspector.judge(1, copy);
  const Findings found = inspector.finish();
  EXPECT_TRUE(found.refused());
  EXPECT_TRUE(found.wrong.contains("group 1 has no entry 3"));
}

TEST(Inspect, files_with_nothing_in_them_are_kept_ahead_and_removed_behind) {
  TwoSegments log;
  std::string nothing(64 * block_bytes, '\0');
  Inspector inspector({forged_disk});
  inspector.judge(3, nothing);
  std::string copy = log.second.bytes();
  inspector.judge(2, copy);
  nothing.assign(0, '\0');
  inspector.judge(1, nothing);
  const Findings found = inspector.finish();
  EXPECT_TRUE(found.segments[2].steps.at(0).starts_with("keeps"));
  EXPECT_TRUE(found.segments[0].wrong.contains("empty"));
}

TEST(Inspect, blocks_that_the_disk_does_not_give_are_no_end) {
  TwoSegments log;
  log.second.erase(1, 1);
  std::string copy = log.second.spoil(1, 1).bytes();
  Inspector inspector({forged_disk});
  inspector.judge(2, copy, {log.second.begin(1)});
  EXPECT_TRUE(inspector.finish().segments[0].harmed());
  TwoSegments torn;
  torn.second.spoil(1, 0).spoil(1, 1);
  copy = torn.second.bytes();
  Inspector other({forged_disk});
  EXPECT_TRUE(other.judge(2, copy, {torn.second.begin(1)}).wrong.contains("does not give"));
}

TEST(Inspect, blocks_behind_the_end_that_the_disk_does_not_give_are_written_over) {
  TwoSegments log;
  std::string copy = log.second.bytes();
  Inspector inspector({forged_disk});
  const SegmentReport& report = inspector.judge(2, copy, {log.second.end() + 1});
  EXPECT_EQ(report.wrong, "");
  ASSERT_FALSE(report.steps.empty());
  EXPECT_TRUE(report.steps.back().starts_with("writes zeros over 1 blocks")) << report.steps.back();
}

TEST(Inspect, what_can_be_read_of_a_segment_that_cannot_be_judged_is_salvaged) {
  ForgedSegment segment(1);
  segment.put(1, draft(1, 1, 2, Follows{})).put(2, draft(2, 3, 8)).put(3, draft(3, 11, 8));
  segment.put(4, draft(4, 19, 1)).put(5, draft(5, 20, 1)).spoil(4, 0).erase(1, 6);
  segment.resume_at(3).put(6, draft(6, 19, 1, segment.follows()));
  ASSERT_FALSE(segment.judged());
  std::string copy = segment.bytes();
  std::vector<std::uint64_t> numbers;
  for (const Batch& batch : salvage(copy, {forged_disk, 1, 0})) {
    numbers.push_back(batch.number);
    EXPECT_EQ(payload_of(std::string_view(copy).substr(batch.block * block_bytes),
                         batch.table.rows.at(0).entries.at(0)),
              Bytes::own(std::string(1000, 'e')));
  }
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 6, 5}));
}

TEST(Weighing, tells_what_is_live_and_who_pins_a_segment) {
  ForgedSegment first(1);
  first.put(1, draft(1, 1, 4, Follows{}));
  Draft other;
  other.follow(first.follows());
  raft::Persist cut{.cut_after = Index{1}};
  cut.entries.push_back({{{2}, {2}}, raft::Kind::command, Bytes::copy("short")});
  other.add({1}, 2, cut);
  other.add({2}, 3, {.hard_state = raft::HardState{.term = {9}}});
  ForgedSegment second(2, first.echo());
  second.put(2, std::move(other));
  Inspector inspector({forged_disk});
  std::string newer = second.bytes();
  std::string older = first.bytes();
  inspector.judge(2, newer);
  inspector.judge(1, older);
  const Findings found = inspector.finish();
  ASSERT_FALSE(found.harmed());
  Weighing weighing(found.groups);
  weighing.add(1, first.judged(first.sealed())->batches);
  weighing.add(2, second.judged()->batches);
  const auto segments = weighing.segments();
  EXPECT_EQ(segments.at(1).all.entries, 4U);
  EXPECT_EQ(segments.at(1).all.bytes, 4000U);
  EXPECT_EQ(segments.at(1).live.bytes, 1000U);
  EXPECT_EQ(segments.at(1).all.percent(segments.at(1).live), 25U);
  EXPECT_EQ(segments.at(1).pinned, (std::vector<GroupId>{{1}}));
  EXPECT_EQ(segments.at(2).live.entries, 1U);
  EXPECT_EQ(segments.at(2).pinned, (std::vector<GroupId>{{1}, {2}}));
  const auto groups = weighing.groups();
  EXPECT_EQ(groups.at({1}).live.bytes, 1005U);
  EXPECT_EQ(groups.at({1}).oldest, 1U);
  EXPECT_EQ(groups.at({2}).oldest, 2U);
}

}  // namespace
}  // namespace bowline::wal

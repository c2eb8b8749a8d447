// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/log_store.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/store_rig.h"

// What wal/log_store.h promises, of each that is one.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

using Reports = std::vector<std::pair<GroupId, Seq>>;

LogKind files() {
  return {"files", true, [](wal::LogStore::Setting setting) {
            const wal::Options options{.segment_bytes = 1 << 20,
                                       .batch_bytes = 64 << 10,
                                       .tail_bytes = 2000};  // most is read from the disk
            return std::make_unique<wal::Log>(setting.env, options, setting.owner, setting.fresh,
                                              std::move(setting.hooks));
          }};
}

LogKind memory() {
  return {"memory", false, [](wal::LogStore::Setting setting) {
            return std::make_unique<wal::MemoryLog>(std::move(setting));
          }};
}

struct EachLogStore : testing::TestWithParam<LogKind> {
  StoreRig rig{GetParam()};
};

TEST_P(EachLogStore, an_empty_one_has_no_groups_and_is_who_it_was_told_to_be) {
  ASSERT_FALSE(rig.refused);
  EXPECT_TRUE(rig.opened.groups.empty());
  EXPECT_EQ(rig.opened.account.identity.disk, Incarnation{4711});
  EXPECT_EQ(rig.opened.account.identity.owner.node, NodeId{1});
  EXPECT_TRUE(rig.store().idle());
  EXPECT_TRUE(rig.peek(0, 10).empty());
  EXPECT_TRUE(rig.fetch(0, 10).value().empty());
}

TEST_P(EachLogStore, a_write_is_reported_when_it_was_flushed_and_never_within_the_call) {
  const Seq seq = rig.append(StoreRig::entries(1, 3));
  EXPECT_FALSE(rig.store().idle());
  rig.loop().run(1s);
  EXPECT_TRUE(rig.reported.empty());  // nobody flushed
  rig.store().flush();
  EXPECT_TRUE(rig.reported.empty());
  ASSERT_TRUE(rig.settle(1));
  EXPECT_EQ(rig.reported, (Reports{{{1}, seq}}));
  EXPECT_GE(rig.landings, 1U);
  rig.loop().run(1s);
  EXPECT_EQ(rig.reported.size(), 1U);  // once
}

TEST_P(EachLogStore, writes_are_reported_in_the_order_in_which_they_came) {
  Reports all;
  for (std::uint64_t i = 1; i <= 40; ++i) {
    const GroupId group{1 + i % 3};
    all.emplace_back(group, rig.append(StoreRig::entries((i + 2) / 3, (i + 2) / 3), group));
    if (i % 7 == 0) rig.store().flush();  // some join what is under way
  }
  ASSERT_TRUE(rig.settle(40));
  EXPECT_EQ(rig.reported, all);
}

TEST_P(EachLogStore, what_is_submitted_out_of_a_report_is_written_without_another_flush) {
  bool first = true;
  rig.when_reported = [&] {
    if (std::exchange(first, false)) rig.append({StoreRig::entry(2)});
  };
  rig.append({StoreRig::entry(1)});
  rig.store().flush();
  rig.append({StoreRig::entry(1)}, {2});  // while the other one is under way
  rig.loop().run(1s);
  EXPECT_EQ(rig.reported.size(), 3U);
  EXPECT_EQ(rig.read(0, 2), "1/1 1/2");
}

TEST_P(EachLogStore, what_is_submitted_out_of_the_last_report_is_written_too) {
  bool first = true;
  rig.when_reported = [&] {
    if (std::exchange(first, false)) rig.append({StoreRig::entry(2)});
  };
  rig.append({StoreRig::entry(1)});
  rig.store().flush();
  rig.loop().run(1s);
  EXPECT_EQ(rig.reported.size(), 2U);
}

TEST_P(EachLogStore, what_was_written_is_read_whether_it_is_durable_or_not) {
  rig.append(StoreRig::entries(1, 10));
  EXPECT_EQ(rig.peek(0, 10).size(), 10U);
  EXPECT_EQ(rig.peek(4, 7).front().id, (LogId{{1}, {5}}));
  EXPECT_EQ(rig.peek(4, 7).back().id, (LogId{{1}, {7}}));
  EXPECT_TRUE(rig.peek(10, 20).empty());
  EXPECT_TRUE(rig.fetch(0, 10).value().empty());  // it was not durable when this was asked
  ASSERT_TRUE(rig.settle(1));
  const Result<raft::Batch> fetched = rig.fetch(2, 5);
  ASSERT_TRUE(fetched && !fetched->empty());
  EXPECT_EQ(fetched->front().id, (LogId{{1}, {3}}));
  EXPECT_LE(fetched->back().id.index, Index{5});
  EXPECT_EQ(fetched->front().payload, StoreRig::entry(3).payload);
  EXPECT_EQ(rig.read(0, 10), "1/1 1/2 1/3 1/4 1/5 1/6 1/7 1/8 1/9 1/10");
}

TEST_P(EachLogStore, as_many_bytes_are_given_as_are_wanted_but_one_entry_in_any_case) {
  rig.append(StoreRig::entries(1, 10));
  EXPECT_EQ(rig.peek(0, 10, 1).size(), 1U);
  EXPECT_EQ(rig.peek(0, 10, 300).size(), 3U);
  EXPECT_EQ(rig.peek(0, 10, 399).size(), 3U);
  ASSERT_TRUE(rig.settle(1));
  EXPECT_EQ(rig.fetch(0, 10, 1).value().size(), 1U);
  EXPECT_EQ(rig.fetch(0, 10, 399).value().size(), 3U);
}

TEST_P(EachLogStore, a_cut_takes_what_is_behind_it_and_others_come_in_its_place) {
  rig.append(StoreRig::entries(1, 10));
  ASSERT_TRUE(rig.settle(1));
  raft::Persist overruled;
  overruled.cut_after = Index{6};
  overruled.entries = StoreRig::entries(7, 8, 2);
  rig.submit(std::move(overruled));
  EXPECT_EQ(rig.peek(6, 20).size(), 2U);
  EXPECT_EQ(rig.peek(6, 20).front().id.term, Term{2});
  ASSERT_TRUE(rig.settle(2));
  EXPECT_EQ(rig.read(0, 20), "1/1 1/2 1/3 1/4 1/5 1/6 2/7 2/8");
  EXPECT_TRUE(rig.fetch(8, 20).value().empty());
  raft::Persist only_cut;
  only_cut.cut_after = Index{0};
  rig.submit(std::move(only_cut));
  ASSERT_TRUE(rig.settle(3));
  EXPECT_EQ(rig.read(0, 20), "");
}

TEST_P(EachLogStore, behind_a_base_the_log_goes_on_and_before_it_nothing_is_left) {
  rig.append(StoreRig::entries(1, 10));
  ASSERT_TRUE(rig.settle(1));
  raft::Persist snapshot;
  snapshot.base = StoreRig::base(7);
  snapshot.entries = StoreRig::entries(11, 12);
  rig.submit(std::move(snapshot));
  ASSERT_TRUE(rig.settle(2));
  EXPECT_EQ(rig.read(7, 12), "1/8 1/9 1/10 1/11 1/12");
  EXPECT_TRUE(rig.peek(0, 12).empty());
  EXPECT_TRUE(rig.fetch(6, 12).value().empty());
}

TEST_P(EachLogStore, a_base_with_discard_begins_anew) {
  rig.append(StoreRig::entries(1, 10));
  ASSERT_TRUE(rig.settle(1));
  raft::Persist restored;
  restored.base = StoreRig::base(5, 3);
  restored.discard = true;
  restored.entries = StoreRig::entries(6, 7, 3);
  rig.submit(std::move(restored));
  ASSERT_TRUE(rig.settle(2));
  EXPECT_EQ(rig.read(5, 20), "3/6 3/7");
  raft::Persist further;  // and one that is ahead of all that is there
  further.base = StoreRig::base(100, 4);
  further.discard = true;
  rig.submit(std::move(further));
  ASSERT_TRUE(rig.settle(3));
  EXPECT_EQ(rig.read(5, 7), "");
  rig.append(StoreRig::entries(101, 101, 4));
  ASSERT_TRUE(rig.settle(4));
  EXPECT_EQ(rig.read(100, 200), "4/101");
}

TEST_P(EachLogStore, groups_have_nothing_to_do_with_each_other) {
  rig.append(StoreRig::entries(1, 3), {1});
  rig.append(StoreRig::entries(1, 5), {9});
  raft::Persist cut;
  cut.cut_after = Index{1};
  rig.submit(std::move(cut), {1});
  ASSERT_TRUE(rig.settle(3));
  EXPECT_EQ(rig.read(0, 9, {1}), "1/1");
  EXPECT_EQ(rig.read(0, 9, {9}), "1/1 1/2 1/3 1/4 1/5");
  rig.store().forget({9});
  ASSERT_TRUE(rig.settle());
  EXPECT_EQ(rig.read(0, 9, {9}), "");
  EXPECT_EQ(rig.read(0, 9, {1}), "1/1");
  EXPECT_EQ(rig.reported.size(), 3U);        // that it is forgotten nobody is told
  rig.append(StoreRig::entries(1, 1), {9});  // it may come back
  ASSERT_TRUE(rig.settle(4));
  EXPECT_EQ(rig.read(0, 9, {9}), "1/1");
}

// As host/destroyed.h does it: noted under another id before it goes, and once more behind it.
TEST_P(EachLogStore, a_group_is_forgotten_in_its_place_among_the_writes_of_all) {
  const GroupId group{9};
  const GroupId note{group.value | std::uint64_t{1} << 63};
  const auto write_note = [&] {
    raft::Persist what;
    what.hard_state = raft::HardState{{3}, {}, {}};
    return rig.submit(std::move(what), note);
  };
  const Seq last = rig.append(StoreRig::entries(1, 5), group);
  const Seq before = write_note();
  rig.store().forget(group);
  const Seq behind = write_note();
  EXPECT_TRUE(rig.peek(0, 9, 1 << 20, group).empty());
  ASSERT_TRUE(rig.settle(3));
  EXPECT_EQ(rig.reported, (Reports{{group, last}, {note, before}, {note, behind}}));
  EXPECT_EQ(rig.read(0, 9, group), "");
  rig.append(StoreRig::entries(1, 2), {1});
  ASSERT_TRUE(rig.settle(4));
  rig.kill();
  rig.start();
  EXPECT_EQ(rig.found(group), nullptr);
  ASSERT_EQ(rig.found(note) != nullptr, GetParam().outlives_a_process);
  if (rig.found(note) != nullptr) {
    EXPECT_EQ(rig.found(note)->hard_state, (raft::HardState{{3}, {}, {}}));
  }
}

TEST_P(EachLogStore, a_group_at_rest_is_still_read) {
  rig.append(StoreRig::entries(1, 3));
  ASSERT_TRUE(rig.settle(1));
  rig.store().rest({1});
  EXPECT_EQ(rig.read(0, 3), "1/1 1/2 1/3");
}

TEST_P(EachLogStore, a_payload_that_is_lent_is_kept_as_it_was) {
  const auto frame = std::make_shared<const std::string>(std::string(50, 'a') + "bcd");
  raft::Persist what;
  what.entries = {{{{1}, {1}}, raft::Kind::command, Bytes::part(frame, {frame->data() + 50, 3})},
                  {{{1}, {2}}, raft::Kind::blank, {}}};
  rig.submit(std::move(what));
  ASSERT_TRUE(rig.settle(1));
  raft::Batch found = rig.peek(0, 2);
  if (found.empty()) found = rig.fetch(0, 2).value();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].payload.view(), "bcd");
  EXPECT_EQ(found[1].kind, raft::Kind::blank);
  EXPECT_EQ(found[1].payload.size(), 0U);
}

TEST_P(EachLogStore, an_entry_of_any_size_that_it_takes_is_taken) {
  const std::size_t most = std::min<std::uint64_t>(rig.store().most_payload_bytes(), 1 << 18);
  rig.append(StoreRig::entries(1, 3, 1, most));
  ASSERT_TRUE(rig.settle(1));
  EXPECT_EQ(rig.read(0, 3), "1/1 1/2 1/3");
  EXPECT_GT(rig.store().bytes(), 3 * most);
}

TEST_P(EachLogStore, what_a_start_finds_is_all_of_it_or_it_is_another_life) {
  raft::Persist voted;
  voted.hard_state = raft::HardState{{5}, {2}, {33}, false};
  voted.base = StoreRig::base(2);
  voted.discard = true;
  voted.entries = StoreRig::entries(3, 6);
  rig.submit(std::move(voted));
  rig.append(StoreRig::entries(1, 2), {8});
  rig.append(StoreRig::entries(1, 2), {9});
  rig.store().forget({9});
  ASSERT_TRUE(rig.settle(3));
  rig.kill();
  rig.start();
  ASSERT_FALSE(rig.refused);
  if (!GetParam().outlives_a_process) {
    EXPECT_TRUE(rig.opened.groups.empty());
    EXPECT_EQ(rig.opened.account.identity.disk, Incarnation{4712});
    EXPECT_EQ(rig.read(0, 6), "");
    return;
  }
  EXPECT_EQ(rig.opened.account.identity.disk, Incarnation{4711});
  ASSERT_EQ(rig.opened.groups.size(), 2U);
  ASSERT_NE(rig.found({1}), nullptr);
  EXPECT_EQ(rig.found({1})->hard_state, (raft::HardState{{5}, {2}, {33}, false}));
  EXPECT_EQ(rig.found({1})->base.id, (LogId{{1}, {2}}));
  EXPECT_EQ(rig.found({1})->entries.back().last, (LogId{{1}, {6}}));
  EXPECT_NE(rig.found({8}), nullptr);
  EXPECT_EQ(rig.read(2, 6), "1/3 1/4 1/5 1/6");
  rig.append(StoreRig::entries(7, 7, 5));
  ASSERT_TRUE(rig.settle(1));
  EXPECT_EQ(rig.read(5, 7), "1/6 5/7");
}

INSTANTIATE_TEST_SUITE_P(stores, EachLogStore, testing::Values(files(), memory()),
                         [](const auto& each) { return std::string(each.param.name); });

// ---- of the one in memory only

struct InMemory : testing::Test {
  StoreRig rig{{"small", false, [](wal::LogStore::Setting setting) {
                  return std::make_unique<wal::MemoryLog>(
                      std::move(setting),
                      wal::MemoryLog::Options{.most_bytes = 10'000, .payload_bytes = 1000});
                }}};
};

TEST_F(InMemory, it_says_that_it_is_full_and_takes_what_has_to_go_on) {
  rig.append(StoreRig::entries(1, 75));  // of 132 bytes each
  ASSERT_TRUE(rig.settle(1));
  EXPECT_TRUE(rig.fullness.empty());
  rig.append(StoreRig::entries(76, 76));
  ASSERT_TRUE(rig.settle(2));
  EXPECT_EQ(rig.fullness, std::vector{true});
  raft::Persist vote;
  vote.hard_state = raft::HardState{{5}, {2}, {33}, false};
  rig.submit(std::move(vote));
  ASSERT_TRUE(rig.settle(3));
  raft::Persist base;
  base.base = StoreRig::base(10);
  rig.submit(std::move(base));
  ASSERT_TRUE(rig.settle(4));
  EXPECT_EQ(rig.fullness, (std::vector{true, false}));
  EXPECT_EQ(rig.store().bytes(), 66U * 132);
  rig.store().forget({1});
  ASSERT_TRUE(rig.settle());
  EXPECT_EQ(rig.store().bytes(), 0U);
}

TEST_F(InMemory, a_small_entry_keeps_no_frame_alive) {
  auto frame = std::make_shared<const std::string>(std::string(500, 'a'));
  const std::weak_ptr<const std::string> lent = frame;
  raft::Persist what;
  what.entries = {{{{1}, {1}}, raft::Kind::command, Bytes::part(frame, {frame->data(), 3})}};
  rig.submit(std::move(what));
  frame.reset();
  EXPECT_TRUE(lent.expired());
}

TEST_F(InMemory, options_that_cannot_work_are_told_in_a_sentence) {
  EXPECT_EQ(wal::MemoryLog::Options{}.fault(), "");
  EXPECT_EQ(wal::MemoryLog::Options{.most_bytes = 0}.fault(), "most_bytes must be above zero");
  EXPECT_EQ(wal::MemoryLog::Options{.payload_bytes = 0}.fault(),
            "payload_bytes must be above zero");
}

}  // namespace
}  // namespace bowline::sim

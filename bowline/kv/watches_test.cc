// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/watches.h"

#include <gtest/gtest.h>

#include "bowline/kv/kv_rig.h"

namespace bowline::kv {
namespace {

// Writes down what it is told: one word for each event, and | after each batch.
class Listener final : public WatchSink {
 public:
  bool has_room() override { return room-- > 0; }
  void events(const WatchBatch& batch) override {
    text += std::to_string(batch.watch) + ':';
    for (const Event& event : batch.events) {
      text += event.kind == Event::Kind::put ? '+' : '-';
      text += std::string(event.item.key) + '@' + std::to_string(event.item.mod_revision);
      if (event.before) text += "(was " + std::string(event.before->value) + ")";
      text += ' ';
    }
    text += batch.fragment ? '~' : '|';
    revision = batch.revision;
    ++batches;
  }
  void progress(WatchId id, std::int64_t at) override {
    text += std::to_string(id) + ":progress@" + std::to_string(at) + '|';
  }
  void compacted(WatchId id, std::int64_t at, std::int64_t compacted) override {
    text += std::to_string(id) + ":compacted " + std::to_string(compacted) + " at " +
            std::to_string(at) + '|';
  }
  std::string take() { return std::exchange(text, {}); }

  int room = 1 << 30;
  std::string text;
  std::int64_t revision = 0;
  std::uint64_t batches = 0;
};

class WatchesOf : public ::testing::Test {
 public:
  WatchesOf() : stream(rig.machine.watches().open(listener)) {}
  bool create(WatchId id, std::string_view key, std::string_view end = {}, std::int64_t start = 0) {
    return watches().create(stream, id, {.keys = {key, end}, .start = start});
  }
  Watches& watches() { return rig.machine.watches(); }
  std::string catch_up() {
    while (rig.machine.can_step()) rig.machine.step();
    return listener.take();
  }

  KvRig rig{Watches::Bounds{.batch_bytes = 300, .fragment_bytes = 200}};
  Listener listener;
  StreamId stream;
};

TEST_F(WatchesOf, tells_each_write_from_now_on) {
  rig.put("a", "0");
  EXPECT_TRUE(create(1, "a"));
  EXPECT_TRUE(create(2, "a", "c"));
  EXPECT_EQ(listener.take(), "") << "whoever created it is told first";
  rig.put("a", "1");
  EXPECT_EQ(listener.take(), "1:+a@3 |2:+a@3 |");
  rig.put("b", "1");
  EXPECT_EQ(listener.take(), "2:+b@4 |");
  rig.put("c", "1");
  EXPECT_EQ(listener.take(), "");
  rig.erase("a", from_there);
  EXPECT_EQ(listener.take(), "1:-a@6 |2:-a@6 -b@6 |") << "one revision, one batch";
}

TEST_F(WatchesOf, tells_a_batch_of_the_log_at_once) {
  create(1, "a");
  rig.batch({Put{.key = "a", .value = "1"}, Put{.key = "b", .value = "1"},
             Put{.key = "a", .value = "2"}, DeleteRange{.keys = {"a", {}}}});
  EXPECT_EQ(listener.take(), "1:+a@2 +a@4 -a@5 |");
  EXPECT_EQ(listener.revision, 5);
}

TEST_F(WatchesOf, refuses_an_id_that_is_taken) {
  EXPECT_TRUE(create(1, "a"));
  EXPECT_FALSE(create(1, "b"));
  EXPECT_FALSE(watches().create(77, 1, {.keys = {"a", {}}}));
  EXPECT_TRUE(watches().cancel(stream, 1));
  EXPECT_FALSE(watches().cancel(stream, 1));
  rig.put("a", "1");
  EXPECT_EQ(listener.take(), "");
  EXPECT_TRUE(create(1, "b"));
}

TEST_F(WatchesOf, begins_at_any_revision_that_is_kept) {
  for (const char* const value : {"1", "2", "3"}) rig.put("a", value);
  create(1, "a", {}, 3);
  EXPECT_EQ(listener.take(), "");
  EXPECT_EQ(catch_up(), "1:+a@3 +a@4 |");
  rig.put("a", "4");
  EXPECT_EQ(listener.take(), "1:+a@5 |");
  create(2, "a", {}, 7);
  rig.put("a", "5");
  EXPECT_EQ(listener.take(), "1:+a@6 |") << "the other one begins later";
  EXPECT_EQ(watches().progress(stream), 6) << "and knows all before it";
  rig.put("a", "6");
  EXPECT_EQ(listener.take(), "1:+a@7 |2:+a@7 |");
}

TEST_F(WatchesOf, one_that_begins_later_hears_nothing_before) {
  create(1, "a", {}, 9);
  EXPECT_EQ(watches().progress(stream), std::nullopt);
  rig.put("a", "1");
  EXPECT_EQ(listener.take(), "");
}

TEST_F(WatchesOf, ends_when_what_it_needs_is_compacted) {
  for (const char* const value : {"1", "2", "3"}) rig.put("a", value);
  rig.run(Compact{3});
  create(1, "a", {}, 2);
  create(2, "a", {}, 3);
  EXPECT_EQ(watches().watchers(), 2U);
  EXPECT_EQ(catch_up(), "1:compacted 3 at 4|2:+a@3 +a@4 |") << "the compacted one itself is kept";
  EXPECT_EQ(watches().watchers(), 1U);
}

TEST_F(WatchesOf, finds_a_deletion_at_exactly_the_compacted_revision) {
  rig.put("a", "1");
  rig.erase("a");
  rig.run(Compact{3});
  rig.sweep();
  watches().create(stream, 1, {.keys = {"a", {}}, .start = 3, .prev_kv = true});
  EXPECT_EQ(catch_up(), "1:-a@3 |") << "what was before it is compacted";
}

TEST_F(WatchesOf, a_slow_reader_gets_the_rest_from_the_store) {
  create(1, "a");
  listener.room = 1;
  rig.put("a", "1");
  rig.put("a", "2");
  rig.put("a", "3");
  EXPECT_EQ(listener.take(), "1:+a@2 |");
  EXPECT_EQ(watches().behind(), 1U);
  EXPECT_EQ(watches().progress(stream), std::nullopt);
  EXPECT_EQ(catch_up(), "") << "nothing happens until it has room";
  EXPECT_FALSE(rig.machine.can_step());
  listener.room = 100;
  watches().drained(stream);
  EXPECT_EQ(catch_up(), "1:+a@3 +a@4 |");
  EXPECT_EQ(watches().progress(stream), 4);
  rig.put("a", "4");
  EXPECT_EQ(listener.take(), "1:+a@5 |");
}

TEST_F(WatchesOf, a_slow_reader_ends_when_compaction_overtakes_it) {
  create(1, "a");
  create(2, "b");
  listener.room = 0;
  rig.put("a", "1");
  rig.put("a", "2");
  rig.run(Compact{3});
  rig.put("b", "1");
  listener.room = 100;
  create(3, "a", {}, 3);
  EXPECT_EQ(catch_up(), "1:compacted 3 at 4|3:+a@3 |");
  watches().drained(stream);
  EXPECT_EQ(catch_up(), "2:+b@4 |");
}

TEST_F(WatchesOf, does_not_split_a_revision_but_into_fragments_if_that_is_wished) {
  const std::string large(150, 'x');
  const Txn two{.compares = {},
                .success = {{Put{.key = "a", .value = large}},
                            {Put{.key = "b", .value = large}},
                            {Put{.key = "c", .value = "small"}}},
                .failure = {}};
  create(1, "a", from_there);
  watches().create(stream, 2, {.keys = {"a", from_there}, .fragment = true});
  rig.run(two);
  EXPECT_EQ(listener.take(), "1:+a@2 +b@2 +c@2 |2:+a@2 ~2:+b@2 ~2:+c@2 |");
  rig.put("a", large);
  create(3, "a", from_there, 2);
  EXPECT_EQ(listener.take(), "1:+a@3 |2:+a@3 |");
  EXPECT_EQ(catch_up(), "3:+a@2 +b@2 +c@2 |3:+a@3 |") << "the second would be too much";
}

TEST_F(WatchesOf, filters_and_says_what_was_before) {
  rig.put("a", "1");
  const Interval a{"a", {}};
  watches().create(stream, 1, {.keys = a, .no_put = true, .prev_kv = true});
  watches().create(stream, 2, {.keys = a, .no_erase = true, .prev_kv = true});
  rig.put("a", "2");
  rig.erase("a");
  rig.put("a", "3");
  EXPECT_EQ(listener.take(), "2:+a@3(was 1) |1:-a@4(was 2) |2:+a@5 |");
}

TEST_F(WatchesOf, what_was_before_is_as_of_the_revision_before) {
  rig.put("a", "1");
  watches().create(stream, 1, {.keys = {"a", {}}, .prev_kv = true});
  rig.run(Txn{.compares = {},
              .success = {{DeleteRange{.keys = {"a", {}}}}, {Put{.key = "a", .value = "2"}}},
              .failure = {}});
  EXPECT_EQ(listener.take(), "1:-a@3(was 1) +a@3 |");
}

TEST_F(WatchesOf, tells_progress_when_nothing_else_was_told) {
  const Interval a{"a", {}};
  watches().create(stream, 1, {.keys = a, .progress_notify = true});
  watches().create(stream, 2, {.keys = a});
  watches().create(stream, 3, {.keys = a, .start = 5, .progress_notify = true});
  watches().progress_due();
  EXPECT_EQ(listener.take(), "1:progress@1|");
  rig.put("a", "1");
  listener.take();
  watches().progress_due();
  EXPECT_EQ(listener.take(), "");
  watches().progress_due();
  EXPECT_EQ(listener.take(), "1:progress@2|");
  listener.room = 0;
  rig.put("a", "2");
  listener.room = 100;
  watches().progress_due();
  EXPECT_EQ(listener.take(), "") << "it is behind";
}

TEST_F(WatchesOf, goes_on_after_a_snapshot_was_installed) {
  KvRig other;
  rig.put("a", "1");
  other.put("a", "1");
  create(1, "a");
  create(2, "a", {}, 5);
  for (const char* const value : {"2", "3", "4"}) other.put("a", value);
  other.run(Compact{3});
  const auto reader = other.machine.snapshot();
  const auto writer = rig.machine.restore();
  ASSERT_TRUE(writer->add(*reader->next(1 << 20)));
  ASSERT_TRUE(writer->commit());
  EXPECT_EQ(catch_up(), "1:+a@3 +a@4 +a@5 |2:+a@5 |") << "from the next revision of each";
  rig.put("a", "5");
  EXPECT_EQ(listener.take(), "2:+a@6 |1:+a@6 |");
}

TEST_F(WatchesOf, a_snapshot_that_has_forgotten_what_is_next_ends_them) {
  KvRig other;
  create(1, "a");
  for (const char* const value : {"1", "2", "3"}) other.put("a", value);
  other.run(Compact{4});
  const auto reader = other.machine.snapshot();
  const auto writer = rig.machine.restore();
  ASSERT_TRUE(writer->add(*reader->next(1 << 20)));
  ASSERT_TRUE(writer->commit());
  EXPECT_EQ(catch_up(), "1:compacted 4 at 4|");
}

TEST_F(WatchesOf, closing_a_stream_ends_its_watchers) {
  create(1, "a");
  Listener second;
  const StreamId another = watches().open(second);
  watches().create(another, 1, {.keys = {"a", {}}});
  watches().create(another, 2, {.keys = {"a", {}}, .start = 1});
  second.room = 0;
  rig.put("a", "1");
  watches().close(another);
  EXPECT_EQ(watches().watchers(), 1U);
  rig.put("a", "2");
  EXPECT_EQ(second.text, "");
  EXPECT_EQ(watches().progress(another), std::nullopt);
  watches().close(stream);
  EXPECT_EQ(watches().progress(stream), std::nullopt);
}

TEST_F(WatchesOf, finds_one_of_a_hundred_thousand) {
  for (int i = 0; i < 100'000; ++i) create(i, "key" + std::to_string(i));
  for (int i = 0; i < 1000; ++i) create(200'000 + i, "all", "zzz" + std::to_string(i));
  rig.put("key77", "1");
  EXPECT_EQ(listener.batches, 1001U);
  listener.batches = 0;
  for (int i = 0; i < 100'000; ++i) watches().cancel(stream, i);
  rig.put("key77", "2");
  EXPECT_EQ(listener.batches, 1000U);
}

TEST_F(WatchesOf, the_past_comes_in_slices) {
  for (int i = 0; i < 100; ++i) rig.put("a", "1");
  create(1, "a", {}, 2);
  create(2, "b", {}, 50);
  int steps = 0;
  for (; rig.machine.can_step(); ++steps) rig.machine.step(10);
  EXPECT_GT(steps, 9);
  EXPECT_EQ(watches().behind(), 0U);
}

}  // namespace
}  // namespace bowline::kv

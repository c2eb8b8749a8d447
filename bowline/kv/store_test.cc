// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/store.h"

#include <gtest/gtest.h>

#include "bowline/kv/kv_rig.h"

namespace bowline::kv {
namespace {

const std::string compacted_words(words(Refusal::compacted));
const std::string future_words(words(Refusal::future_revision));

TEST(Store, begins_at_revision_one_and_each_write_is_the_next) {
  KvRig rig;
  EXPECT_EQ(rig.machine.store().revision(), 1);
  EXPECT_EQ(rig.put("a", "1"), 2);
  EXPECT_EQ(rig.put("a", "1"), 3) << "the same bytes count, too";
  EXPECT_EQ(rig.erase("a"), 4);
  EXPECT_EQ(rig.erase("a"), 4) << "to delete nothing does not";
  EXPECT_EQ(rig.run(Txn{}).revision, 4) << "nor does a transaction that writes nothing";
  EXPECT_EQ(rig.run(LeaseGrant{1, 60}).revision, 4);
}

TEST(Store, keeps_books_of_a_key) {
  KvRig rig;
  const auto item = [&] { return rig.machine.store().range({.keys = {"a", {}}})->items.at(0); };
  rig.put("a", "1");
  rig.put("b", "");
  rig.put("a", "2");
  EXPECT_EQ(item(), (Item{"a", "2", 2, 4, 2, 0}));
  rig.erase("a");
  rig.put("a", "3");
  EXPECT_EQ(item(), (Item{"a", "3", 6, 6, 1, 0})) << "it was deleted, so it begins anew";
}

TEST(Store, knows_the_intervals_of_the_convention) {
  KvRig rig;
  const std::string zero("\0", 1);
  for (const std::string& key : {zero, std::string("a"), "a" + zero, std::string("ab"),
                                 std::string("b"), std::string("\xff"), std::string("\xff\xff")})
    rig.put(key, "");
  const auto count = [&](std::string_view key, std::string_view end) {
    const auto answer = rig.machine.store().range({.keys = {key, end}});
    EXPECT_EQ(answer->count, static_cast<std::int64_t>(answer->items.size()));
    EXPECT_EQ(answer->count, rig.machine.store().count({key, end}));
    return answer->count;
  };
  EXPECT_EQ(count("a", {}), 1);
  EXPECT_EQ(count("c", {}), 0);
  EXPECT_EQ(count(zero, zero), 7) << "the whole map";
  EXPECT_EQ(count("a", zero), 6) << "all from there on";
  EXPECT_EQ(count("a", "b"), 3);
  EXPECT_EQ(count("a", prefix_end("a")), 3);
  EXPECT_EQ(count("b", "b"), 0);
  EXPECT_EQ(count("b", "a"), 0);
  EXPECT_EQ(count("\xff", prefix_end("\xff")), 2) << "there is nothing after it to end with";
  EXPECT_EQ(prefix_end("a\xff"), "b");
  EXPECT_EQ(prefix_end("\xff\xff"), zero);
}

TEST(Store, counts_the_whole_interval_whatever_is_shown) {
  KvRig rig;
  for (const char* const key : {"a", "b", "c", "d"}) rig.put(key, key);
  const Store& store = rig.machine.store();
  const Interval all{"a", from_there};
  const auto limited = store.range({.keys = all, .limit = 2});
  EXPECT_EQ(KvRig::text(*limited), "a=a b=b");
  EXPECT_TRUE(limited->more);
  EXPECT_EQ(limited->count, 4);
  EXPECT_FALSE(store.range({.keys = all, .limit = 4})->more) << "that was all";
  EXPECT_EQ(store.range({.keys = all, .limit = -1})->items.size(), 4U);
  const auto filtered = store.range({.keys = all, .min_mod_revision = 3, .max_mod_revision = 4});
  EXPECT_EQ(KvRig::text(*filtered), "b=b c=c");
  EXPECT_EQ(filtered->count, 4);
  const auto first = store.range({.keys = all, .limit = 1, .min_mod_revision = 4});
  EXPECT_EQ(KvRig::text(*first), "c=c") << "what is filtered out is not counted to the limit";
  EXPECT_TRUE(first->more);
  EXPECT_EQ(rig.look({.keys = all, .min_create_revision = 4}), "c=c d=d");
  EXPECT_EQ(rig.look({.keys = all, .max_create_revision = 2}), "a=a");
  const auto counted = store.range({.keys = all, .limit = 1, .count_only = true});
  EXPECT_TRUE(counted->items.empty());
  EXPECT_FALSE(counted->more);
  EXPECT_EQ(counted->count, 4);
}

TEST(Store, sorts_by_each_field) {
  KvRig rig;
  rig.put("a", "2");
  rig.put("b", "3");
  rig.put("c", "1");
  rig.put("a", "2");
  const Interval all{"a", from_there};
  const auto sorted = [&](SortBy by, Order order, std::int64_t limit = 0) {
    return rig.look({.keys = all, .limit = limit, .order = order, .sort_by = by});
  };
  EXPECT_EQ(sorted(SortBy::key, Order::descending), "c=1 b=3 a=2");
  EXPECT_EQ(sorted(SortBy::value, Order::ascending), "c=1 a=2 b=3");
  EXPECT_EQ(sorted(SortBy::value, Order::none), "c=1 a=2 b=3") << "none is ascending then";
  EXPECT_EQ(sorted(SortBy::mod, Order::ascending), "b=3 c=1 a=2");
  EXPECT_EQ(sorted(SortBy::create, Order::descending), "c=1 b=3 a=2");
  EXPECT_EQ(sorted(SortBy::version, Order::descending), "a=2 b=3 c=1") << "equal ones by key";
  EXPECT_EQ(sorted(SortBy::value, Order::descending, 1), "b=3") << "the limit comes last";
  EXPECT_EQ(
      rig.look(
          {.keys = all, .order = Order::ascending, .sort_by = SortBy::value, .keys_only = true}),
      "c= a= b=")
      << "values count although they are not shown";
}

TEST(Store, keys_only_shows_the_lease) {
  KvRig rig;
  rig.run(LeaseGrant{7, 60});
  rig.put("a", "1", 7);
  const auto answer = rig.machine.store().range({.keys = {"a", {}}, .keys_only = true});
  EXPECT_EQ(answer->items.at(0), (Item{"a", "", 2, 2, 1, 7}));
}

TEST(Store, answers_for_each_revision_that_is_kept) {
  KvRig rig;
  rig.put("a", "1");
  rig.put("b", "1");
  rig.erase("a");
  rig.put("b", "2");
  EXPECT_EQ(rig.all(1), "");
  EXPECT_EQ(rig.all(2), "a=1");
  EXPECT_EQ(rig.all(3), "a=1 b=1");
  EXPECT_EQ(rig.all(4), "b=1");
  EXPECT_EQ(rig.all(5), "b=2");
  EXPECT_EQ(rig.all(0), "b=2");
  EXPECT_EQ(rig.all(-1), "b=2");
  EXPECT_EQ(rig.all(6), future_words);
  EXPECT_EQ(rig.machine.store().range({.keys = {"a", from_there}, .revision = 3})->count, 2);
}

TEST(Store, compaction_refuses_what_is_older_at_once) {
  KvRig rig;
  for (const char* const value : {"1", "2", "3"}) rig.put("a", value);
  EXPECT_EQ(rig.run(Compact{5}).refusal, Refusal::future_revision);
  EXPECT_EQ(rig.run(Compact{3}).refusal, Refusal::none);
  EXPECT_EQ(rig.run(Compact{3}).refusal, Refusal::compacted);
  EXPECT_EQ(rig.run(Compact{2}).refusal, Refusal::compacted);
  for (int slices = 0; slices < 2; ++slices) {
    EXPECT_EQ(rig.all(2), compacted_words);
    EXPECT_EQ(rig.all(3), "a=2") << "the compacted revision itself is readable";
    EXPECT_EQ(rig.all(4), "a=3");
    rig.sweep();
  }
  EXPECT_EQ(rig.machine.store().revision(), 4);
}

TEST(Store, compaction_comes_in_slices) {
  KvRig rig;
  for (int i = 0; i < 100; ++i) rig.put("a", "1");
  rig.run(Compact{101});
  Store store;
  int slices = 0;
  for (; rig.machine.can_step(); ++slices) {
    const History& history = rig.machine.store().history();
    const std::uint64_t before = history.end() - history.begin();
    rig.machine.step(10);
    EXPECT_GE(history.end() - history.begin() + 10, before);
  }
  EXPECT_EQ(slices, 10);
  EXPECT_EQ(rig.machine.store().history().end() - rig.machine.store().history().begin(), 1U);
}

TEST(Store, keeps_a_deletion_at_exactly_the_compacted_revision) {
  KvRig rig;
  rig.put("a", "1");
  rig.erase("a");  // 3
  rig.put("b", "1");
  rig.run(Compact{3});
  rig.sweep();
  const History& history = rig.machine.store().history();
  ASSERT_EQ(history.end() - history.begin(), 2U);
  EXPECT_FALSE(history.at(history.begin()).is_live());
  EXPECT_EQ(history.at(history.begin()).main, 3);
  rig.run(Compact{4});
  rig.sweep();
  EXPECT_EQ(history.end() - history.begin(), 1U) << "the next compaction takes it";
  rig.machine.store().check();
}

TEST(Store, compaction_gives_all_memory_back) {
  KvRig rig;
  const std::string value(500, 'v');
  rig.put("stays", value);
  const std::uint64_t before = rig.machine.store().bytes_in_use();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 3000; ++i) rig.put("key" + std::to_string(i), value);
    for (int i = 0; i < 3000; i += 3) rig.put("key" + std::to_string(i), std::string(20000, 'v'));
    rig.erase("key", prefix_end("key"));
    EXPECT_GT(rig.machine.store().bytes_in_use(), before + 3000 * value.size());
    rig.put("stays", value);
    rig.run(Compact{rig.machine.store().revision()});
    rig.sweep();
    rig.machine.store().check();
    EXPECT_EQ(rig.machine.store().bytes_in_use(), before);
    EXPECT_LT(rig.machine.store().bytes(), 8U << 20) << "a few empty chunks stay";
  }
}

TEST(Store, a_pin_keeps_the_past) {
  KvRig rig;
  rig.put("a", "1");
  rig.put("a", "2");
  const Store& store = rig.machine.store();
  Pin pin = store.pin(2);
  rig.put("a", "3");
  rig.run(Compact{4});
  rig.sweep();
  EXPECT_EQ(rig.all(2), compacted_words) << "for others it is gone";
  EXPECT_EQ(KvRig::text(*store.range({.keys = {"a", {}}, .revision = 2}, pin)), "a=1");
  EXPECT_EQ(KvRig::text(*store.range({.keys = {"a", {}}, .revision = 3}, pin)), "a=2");
  Pin later = store.pin(4);
  EXPECT_FALSE(store.range({.keys = {"a", {}}, .revision = 3}, later).has_value());
  Pin moved = std::move(pin);
  rig.sweep();
  EXPECT_EQ(KvRig::text(*store.range({.keys = {"a", {}}, .revision = 2}, moved)), "a=1");
  moved = Pin();
  EXPECT_TRUE(rig.machine.can_step()) << "now its memory can come back";
  rig.sweep();
  EXPECT_EQ(store.history().end() - store.history().begin(), 1U);
}

TEST(Store, a_pin_ends_with_the_state_that_it_pins) {
  KvRig rig;
  rig.put("a", "1");
  const Pin pin = rig.machine.store().pin(2);
  EXPECT_TRUE(pin.holds());
  KvRig other;
  const auto reader = other.machine.snapshot();
  const auto writer = rig.machine.restore();
  ASSERT_TRUE(writer->add(*reader->next(1 << 20)));
  ASSERT_TRUE(writer->commit());
  EXPECT_FALSE(pin.holds());
}

}  // namespace
}  // namespace bowline::kv

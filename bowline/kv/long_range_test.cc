// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/long_range.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/kv/kv_rig.h"
#include "bowline/kv/random_requests.h"

namespace bowline::kv {
namespace {

// It has to outlive what it views, so it is written out. What is too much is a number.
std::string written(const RangeAnswer& answer) {
  return encode(Answer{.said = TxnAnswer{.responses = {{.what = answer}}}});
}

std::string in_one_go(const Store& store, const Range& range, Weight weight) {
  const auto answer = store.range(range, weight);
  return (answer ? written(*answer) : std::string(words(answer.error()))) +
         std::to_string(weight.sum);
}

std::string whole(LongRange& range) {
  const std::string weighs = std::to_string(range.weight().sum);
  if (range.weight().is_too_much()) return std::string(words(Refusal::answer_too_large)) + weighs;
  RangeAnswer answer{.more = range.more(), .count = range.count()};
  while (const auto item = range.next()) answer.items.push_back(*item);
  return written(answer) + weighs;
}

// One slice; what it leaves of so many keys.
std::uint64_t slice(LongRange& range, std::uint64_t most) {
  EXPECT_TRUE(range.step(most));
  return most;
}

// More keys than those of random requests, with few values and many versions.
class Crowd {
 public:
  explicit Crowd(std::uint64_t seed) : prng_(seed) {
    for (int i = 0; i < 3000; ++i) write();
  }
  void write() {
    const std::string key = this->key();
    if (prng_.chance(20)) {
      rig.erase(key);
    } else {
      rig.put(key, std::string(prng_.below(4), 'v') + std::string(prng_.below(12), 'w'));
    }
  }
  void compact() {
    const std::int64_t from = std::max<std::int64_t>(rig.machine.store().compacted(), 1);
    rig.run(Compact{from + static_cast<std::int64_t>(
                               prng_.below(static_cast<std::uint64_t>(now() - from) + 1))});
  }
  Range range() {
    from_ = prng_.chance(50) ? "" : key();
    Range range{.keys = {from_, prng_.chance(10) ? std::string_view() : from_there}};
    if (prng_.chance(60)) range.revision = past();
    if (prng_.chance(50)) range.limit = static_cast<std::int64_t>(prng_.below(1600));
    range.order = static_cast<Order>(prng_.below(3));
    range.sort_by = static_cast<SortBy>(prng_.below(5));
    range.keys_only = prng_.chance(20);
    range.count_only = prng_.chance(10);
    if (prng_.chance(20)) range.min_mod_revision = past();
    if (prng_.chance(20)) range.max_create_revision = past();
    return range;
  }
  Weight weight() {
    return {.most = prng_.chance(50) ? std::numeric_limits<std::uint64_t>::max()
                                     : prng_.below(150'000)};
  }
  std::int64_t now() const { return rig.machine.store().revision(); }
  Prng& prng() { return prng_; }

  KvRig rig;

 private:
  std::string key() { return "k" + std::to_string(prng_.below(1500)); }
  std::int64_t past() {
    const std::int64_t from = std::max<std::int64_t>(rig.machine.store().compacted(), 1);
    return from +
           static_cast<std::int64_t>(prng_.below(static_cast<std::uint64_t>(now() - from) + 1));
  }
  Prng prng_;
  std::string from_;
};

TEST(LongRange, in_slices_it_says_what_it_would_have_said_in_one_go) {
  std::size_t refused = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    Crowd crowd(seed);
    const Store& store = crowd.rig.machine.store();
    for (int i = 0; i < 60; ++i) {
      const Range asked = crowd.range();
      const Weight weight = crowd.weight();
      const std::string wanted = in_one_go(store, asked, weight);
      LongRange range(store, asked, weight);
      while (!range.is_ready()) {
        const std::uint64_t most = 1 + crowd.prng().below(90);
        ASSERT_TRUE(slice(range, most) < most || range.is_ready()) << "it comes on";
        crowd.write();
        if (crowd.prng().chance(3)) crowd.compact();
        crowd.rig.machine.step(100);
      }
      ASSERT_EQ(whole(range), wanted) << "seed " << seed << ", range " << i;
      refused += range.weight().is_too_much() ? 1 : 0;
    }
  }
  EXPECT_GT(refused, 20U);
  EXPECT_LT(refused, 150U);
}

TEST(LongRange, odd_keys_and_bounds_are_no_different_in_slices) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    KvRig rig;
    RandomRequests random(seed);
    const Store& store = rig.machine.store();
    for (int i = 0; i < 100; ++i) {
      rig.run(random.command(1));
      random.now_at(store.revision(), store.compacted());
      const Range asked = random.range();
      if (asked.keys.is_empty() || !store.range(asked)) continue;
      const std::string wanted = in_one_go(store, asked, {});
      LongRange range(store, asked, {});
      while (!range.is_ready()) {
        slice(range, 1);
        rig.run(random.command(1));
        rig.machine.step(50);
      }
      ASSERT_EQ(whole(range), wanted) << "seed " << seed << ", range " << i;
    }
  }
}

TEST(LongRange, one_key_that_is_written_all_the_time_takes_slices_too) {
  KvRig rig;
  rig.put("a", "first");
  for (int i = 0; i < 1000; ++i) rig.put("a", "later");
  LongRange range(rig.machine.store(), {.keys = {"a", {}}, .revision = 2}, {});
  int slices = 0;
  for (; !range.is_ready(); ++slices) slice(range, 10);
  EXPECT_GE(slices, 100);
  EXPECT_EQ(range.next()->value, "first");
}

TEST(LongRange, what_sorts_takes_slices_for_that_too) {
  KvRig rig;
  for (int i = 0; i < 100; ++i) rig.put("k" + std::to_string(i), std::to_string(i % 7));
  LongRange range(rig.machine.store(), {.keys = {"", from_there}, .sort_by = SortBy::value}, {});
  EXPECT_EQ(slice(range, 101), 0U) << "one for each key, and the sorting has begun";
  EXPECT_FALSE(range.is_ready());
  EXPECT_LT(slice(range, 1000), 1000U);
  EXPECT_TRUE(range.is_ready());
}

TEST(LongRange, a_compaction_waits_until_it_is_over) {
  KvRig rig;
  for (const char* key : {"a", "b", "c"}) rig.put(key, "old");
  std::optional<LongRange> range;
  range.emplace(rig.machine.store(), Range{.keys = {"", from_there}}, Weight{});
  slice(*range, 1);
  for (const char* key : {"a", "b", "c"}) rig.erase(key);
  rig.run(Compact{rig.machine.store().revision()});
  rig.sweep();
  EXPECT_EQ(rig.all(), "");
  slice(*range, 100);
  RangeAnswer answer;
  while (const auto item = range->next()) answer.items.push_back(*item);
  EXPECT_EQ(KvRig::text(answer), "a=old b=old c=old");
  EXPECT_EQ(range->count(), 3);
  range.reset();
  EXPECT_TRUE(rig.machine.can_step());
}

TEST(LongRange, it_is_lost_with_the_state_that_it_reads) {
  KvRig rig;
  for (const char* key : {"a", "b", "c"}) rig.put(key, "1");
  LongRange range(rig.machine.store(), {.keys = {"", from_there}}, {});
  slice(range, 1);
  const auto reader = rig.machine.snapshot();
  const auto writer = rig.machine.restore();
  ASSERT_TRUE(writer->add(*reader->next(1 << 20)));
  ASSERT_TRUE(writer->commit());
  std::uint64_t most = 10;
  EXPECT_FALSE(range.step(most));
}

TEST(LongRange, it_is_known_beforehand_which_ranges_are_long) {
  KvRig rig;
  for (int i = 0; i < 10; ++i) rig.put("k" + std::to_string(i), "1");
  rig.put("other", "1");
  const auto is_long = [&](const Range& range) {
    return LongRange::is_long(rig.machine.store(), range, 5);
  };
  const Interval all{"", from_there};
  EXPECT_TRUE(is_long({.keys = all}));
  EXPECT_TRUE(is_long({.keys = all, .limit = 6}));
  EXPECT_FALSE(is_long({.keys = all, .limit = 5}));
  EXPECT_TRUE(is_long({.keys = all, .limit = 5, .order = Order::descending}));
  EXPECT_TRUE(is_long({.keys = all, .limit = 5, .min_mod_revision = 100}));
  EXPECT_FALSE(is_long({.keys = all, .count_only = true})) << "the tree knows";
  EXPECT_FALSE(is_long({.keys = {"k6", from_there}}));
  EXPECT_FALSE(is_long({.keys = {"k1", {}}}));
  EXPECT_FALSE(is_long({.keys = {"k6", from_there}, .revision = 12})) << "that is the present";
  EXPECT_TRUE(is_long({.keys = {"k1", {}}, .revision = 11})) << "it may have many versions";
  EXPECT_FALSE(is_long({.keys = all, .revision = 13})) << "it is refused";
  rig.run(Compact{12});
  EXPECT_FALSE(is_long({.keys = all, .revision = 11})) << "it is refused";
}

}  // namespace
}  // namespace bowline::kv

// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/outline.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"

namespace bowline::raft {
namespace {

LogId id(std::uint64_t term, std::uint64_t index) { return {{term}, {index}}; }

Outline outline_of(LogId base, const std::vector<LogId>& entries) {
  std::vector<Held> held;
  held.reserve(entries.size());
  for (const LogId entry : entries) held.push_back({entry});
  return {base, held};
}

TEST(Outline, what_was_found_on_disk_is_durable) {
  const Outline log = outline_of(id(1, 3), {id(1, 4), id(2, 5)});
  EXPECT_EQ(log.durable(), Index{5});
  EXPECT_EQ(log.last(), id(2, 5));
  EXPECT_EQ(log.base(), id(1, 3));
}

TEST(Outline, what_was_found_comes_in_pieces_that_weigh_something) {
  const std::vector<Held> found{{id(1, 6), 3, 100'000}, {id(1, 7), 1, 70'000}, {id(3, 9), 2, 10}};
  const Outline log(id(1, 3), found);
  EXPECT_EQ(log.last(), id(3, 9));
  for (std::uint64_t i = 3; i <= 7; ++i) EXPECT_EQ(log.term_at({i}), Term{1}) << i;
  EXPECT_EQ(log.term_at({8}), Term{3});
  EXPECT_EQ(log.weight({3}, {9}), 170'010U);
  EXPECT_EQ(log.weight({6}, {9}), 70'010U);
}

TEST(Outline, knows_the_term_of_each_index_it_holds_and_of_no_other) {
  const Outline log = outline_of(id(1, 3), {id(1, 4), id(4, 5), id(4, 6)});
  EXPECT_FALSE(log.term_at({2}));
  EXPECT_EQ(log.term_at({3}), Term{1});
  EXPECT_EQ(log.term_at({4}), Term{1});
  EXPECT_EQ(log.term_at({5}), Term{4});
  EXPECT_EQ(log.term_at({6}), Term{4});
  EXPECT_FALSE(log.term_at({7}));
  EXPECT_TRUE(log.contains(id(4, 6)));
  EXPECT_FALSE(log.contains(id(3, 6)));
}

TEST(Outline, an_entry_is_durable_when_the_write_that_carries_it_is) {
  Outline log;
  log.append({id(1, 1), 1, 10});
  log.submitted({1});
  log.append({id(1, 2), 1, 10});
  log.submitted({2});
  EXPECT_EQ(log.durable(), Index{0});
  log.persisted({1});
  EXPECT_EQ(log.durable(), Index{1});
  log.persisted({2});
  EXPECT_EQ(log.durable(), Index{2});
}

TEST(Outline, one_word_of_the_disk_stands_for_all_writes_before_it) {
  Outline log;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    log.append({id(1, i), 1, 1});
    log.submitted({i});
  }
  log.persisted({3});
  EXPECT_EQ(log.durable(), Index{3});
}

TEST(Outline, a_cut_clamps_the_writes_in_flight) {
  Outline log;
  for (std::uint64_t i = 1; i <= 5; ++i) log.append({id(1, i), 1, 1});
  log.submitted({1});
  log.cut_after({2});
  for (std::uint64_t i = 3; i <= 5; ++i) log.append({id(2, i), 1, 1});
  log.submitted({2});
  log.persisted({1});  // it carried 3, 4 and 5 of term 1: not those that are here now
  EXPECT_EQ(log.durable(), Index{2});
  log.persisted({2});
  EXPECT_EQ(log.durable(), Index{5});
}

TEST(Outline, a_cut_takes_back_what_was_durable) {
  Outline log = outline_of({}, {id(1, 1), id(1, 2), id(2, 3)});
  log.cut_after({1});
  EXPECT_EQ(log.durable(), Index{1});
  EXPECT_EQ(log.last(), id(1, 1));
}

TEST(Outline, a_rebase_does_not_make_an_entry_durable) {
  Outline log;
  for (std::uint64_t i = 1; i <= 4; ++i) log.append({id(1, i), 1, 1});
  log.rebase(id(1, 3));
  log.submitted({1});
  EXPECT_EQ(log.durable(), Index{0});
  EXPECT_EQ(log.term_at({3}), Term{1});
  EXPECT_EQ(log.term_at({4}), Term{1});
  EXPECT_FALSE(log.term_at({2}));
  log.persisted({1});
  EXPECT_EQ(log.durable(), Index{4});
}

TEST(Outline, a_rebase_keeps_the_rest_of_a_run) {
  Outline log = outline_of({}, {id(1, 1), id(1, 2), id(3, 3), id(3, 4)});
  log.rebase(id(3, 3));
  EXPECT_EQ(log.last(), id(3, 4));
  EXPECT_EQ(log.term_at({3}), Term{3});
  log.rebase(id(3, 4));
  EXPECT_EQ(log.last(), id(3, 4));
  log.append({id(3, 5), 1, 1});
  EXPECT_EQ(log.last(), id(3, 5));
}

TEST(Outline, a_rebase_on_the_last_entry_of_a_run_leaves_the_next_run_whole) {
  Outline log = outline_of({}, {id(1, 1), id(1, 2), id(3, 3)});
  log.rebase(id(1, 2));
  EXPECT_EQ(log.last(), id(3, 3));
  EXPECT_EQ(log.term_at({3}), Term{3});
  EXPECT_EQ(log.term_at({2}), Term{1});
}

TEST(Outline, a_log_that_restarts_is_durable_only_with_the_write_that_says_so) {
  Outline log = outline_of({}, {id(1, 1), id(1, 2)});
  log.append({id(1, 3), 1, 1});
  log.submitted({1});
  log.restart_from(id(5, 9));
  log.submitted({2});
  EXPECT_EQ(log.last(), id(5, 9));
  EXPECT_EQ(log.durable(), Index{0});
  log.persisted({1});
  EXPECT_EQ(log.durable(), Index{0});
  log.persisted({2});
  EXPECT_EQ(log.durable(), Index{9});
}

TEST(Outline, backs_up_over_whole_terms) {
  const Outline log = outline_of(id(1, 2), {id(2, 3), id(2, 4), id(5, 5), id(5, 6)});
  EXPECT_EQ(log.last_at_most({9}, {9}), id(5, 6));
  EXPECT_EQ(log.last_at_most({5}, {9}), id(5, 5));
  EXPECT_EQ(log.last_at_most({9}, {4}), id(2, 4));
  EXPECT_EQ(log.last_at_most({3}, {4}), id(2, 3));
  EXPECT_EQ(log.last_at_most({9}, {1}), id(1, 2));
  EXPECT_EQ(log.last_at_most({9}, {0}), LogId{});  // not even the base
  EXPECT_EQ(log.last_at_most({1}, {9}), LogId{});  // below the base nothing is known
}

TEST(Outline, weighs_exactly_what_was_appended_at_once) {
  Outline log = outline_of({}, {id(1, 1)});
  log.append({id(1, 2), 1, 1000});
  log.append({id(1, 3), 1, 500});
  EXPECT_EQ(log.weight({1}, {3}), 1500U);
  EXPECT_EQ(log.weight({0}, {3}), 1500U);
  EXPECT_EQ(log.weight({3}, {3}), 0U);
  EXPECT_EQ(log.weight({0}, {1}), 0U);
}

TEST(Outline, weighs_within_a_grain_anywhere) {
  Prng prng(7);
  Outline log;
  std::vector<std::uint64_t> through{0};
  for (std::uint64_t i = 1; i <= 500; ++i) {
    const std::uint64_t bytes = prng.below(9000);
    log.append({id(1, i), 1, bytes});
    through.push_back(through.back() + bytes);
  }
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t a = prng.below(501);
    const std::uint64_t b = a + prng.below(501 - a);
    const std::uint64_t exact = through[b] - through[a];
    const std::uint64_t told = log.weight({a}, {b});
    EXPECT_LT(std::max(exact, told) - std::min(exact, told), 64U << 10) << a << " " << b;
  }
  EXPECT_EQ(log.weight({0}, {500}), through[500]);
}

// The same log, as simply as it can be written: all entries, and which write carries each.
struct Model {
  LogId base;
  std::vector<LogId> entries;
  std::vector<std::uint64_t> written;  // the write that carries it; 0: none yet
  std::uint64_t base_written = 0;
  std::uint64_t seq = 0;
  std::uint64_t persisted = 0;

  LogId last() const { return entries.empty() ? base : entries.back(); }
  bool on_disk(std::uint64_t write) const { return write != ~0ULL && write <= persisted; }
  Index durable() const {
    Index reached{on_disk(base_written) ? base.index.value : 0};
    for (std::size_t i = 0; i < entries.size() && on_disk(written[i]); ++i)
      reached = entries[i].index;
    return reached;
  }
};

class Pair {
 public:
  explicit Pair(std::uint64_t seed) : prng_(seed) {}

  void act() {
    switch (prng_.below(8)) {
      case 0: return cut();
      case 1: return rebase();
      case 2: return restart();
      case 3: return persist();
      default: return append();
    }
  }
  void compare() const {
    ASSERT_EQ(log_.last(), model_.last());
    ASSERT_EQ(log_.base(), model_.base);
    for (std::uint64_t i = 0; i <= model_.last().index.value + 1; ++i) {
      const auto told = log_.term_at({i});
      const std::uint64_t base = model_.base.index.value;
      if (i < base || i > model_.last().index.value) {
        ASSERT_FALSE(told);
      } else {
        ASSERT_EQ(told, i == base ? model_.base.term : model_.entries[i - base - 1].term);
      }
    }
    compare_durable();
    compare_back_up();
  }

 private:
  // Below the base the model does not know; above it, nothing is told too early or too late.
  void compare_durable() const {
    if (model_.durable() >= model_.base.index) {
      ASSERT_EQ(log_.durable(), model_.durable());
    } else {
      ASSERT_LT(log_.durable(), model_.base.index);
    }
  }
  void compare_back_up() const {
    for (std::uint64_t term = 0; term <= model_.last().term.value + 1; ++term) {
      LogId best;
      if (model_.base.term.value <= term) best = model_.base;
      for (const LogId entry : model_.entries)
        if (entry.term.value <= term) best = std::max(best, entry);
      ASSERT_EQ(log_.last_at_most(model_.last().index, {term}), best);
    }
  }
  void append() {
    const std::uint64_t n = 1 + prng_.below(3);
    for (std::uint64_t i = 0; i < n; ++i) {
      const LogId next{{model_.last().term.value + (prng_.chance(30) ? 1 : 0)},
                       model_.last().index.next()};
      log_.append({next, 1, prng_.below(100'000)});
      model_.entries.push_back(next);
      model_.written.push_back(~0ULL);
    }
    submit();
  }
  void cut() {
    if (model_.entries.empty()) return;
    const std::uint64_t keep = prng_.below(model_.entries.size());
    log_.cut_after(model_.base.index + keep);
    model_.entries.resize(keep);
    model_.written.resize(keep);
    submit();
  }
  void rebase() {
    if (model_.entries.empty()) return;
    const auto taken = static_cast<std::ptrdiff_t>(1 + prng_.below(model_.entries.size()));
    model_.base = model_.entries[static_cast<std::size_t>(taken - 1)];
    model_.base_written = model_.written[static_cast<std::size_t>(taken - 1)];
    log_.rebase(model_.base);
    model_.entries.erase(model_.entries.begin(), model_.entries.begin() + taken);
    model_.written.erase(model_.written.begin(), model_.written.begin() + taken);
    submit();
  }
  void restart() {
    model_.base = {model_.last().term.next(), model_.last().index + 1 + prng_.below(3)};
    model_.base_written = ~0ULL;
    log_.restart_from(model_.base);
    model_.entries.clear();
    model_.written.clear();
    submit();
  }
  void submit() {
    ++model_.seq;
    log_.submitted({model_.seq});
    if (model_.base_written == ~0ULL) model_.base_written = model_.seq;
    std::ranges::replace(model_.written, ~0ULL, model_.seq);
  }
  void persist() {
    if (model_.persisted == model_.seq) return;
    model_.persisted += 1 + prng_.below(model_.seq - model_.persisted);
    log_.persisted({model_.persisted});
  }

  Prng prng_;
  Outline log_;
  Model model_;
};

TEST(Outline, agrees_with_a_log_that_keeps_everything) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Pair pair(seed);
    for (int i = 0; i < 60 && !testing::Test::HasFatalFailure(); ++i) {
      pair.act();
      pair.compare();
    }
  }
}

}  // namespace
}  // namespace bowline::raft

// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/answer_weight.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/kv/command.h"
#include "bowline/kv/kv_rig.h"
#include "bowline/kv/random_requests.h"
#include "bowline/kv/run.h"

namespace bowline::kv {
namespace {

const Interval all_keys{std::string_view(), from_there};

std::uint64_t weight_of(const std::vector<Item>& items) {
  std::uint64_t sum = 0;
  for (const Item& item : items) sum += item_weight + item.key.size() + item.value.size();
  return sum;
}
std::uint64_t weight_of(const PutAnswer& put) {
  return put.before ? weight_of(std::vector{*put.before}) : 0;
}
std::uint64_t weight_of(const TxnAnswer& txn) {
  std::uint64_t sum = 0;
  for (const OpAnswer& op : txn.responses) {
    sum += op_weight;
    if (const auto* range = std::get_if<RangeAnswer>(&op.what)) sum += weight_of(range->items);
    if (const auto* put = std::get_if<PutAnswer>(&op.what)) sum += weight_of(*put);
    if (const auto* erased = std::get_if<DeleteAnswer>(&op.what)) sum += weight_of(erased->before);
    if (const auto* nested = std::get_if<TxnAnswer>(&op.what)) sum += weight_of(*nested);
  }
  return sum;
}
std::uint64_t weight_of(const Answer& answer) {
  if (const auto* put = std::get_if<PutAnswer>(&answer.said)) return weight_of(*put);
  if (const auto* erased = std::get_if<DeleteAnswer>(&answer.said))
    return weight_of(erased->before);
  if (const auto* txn = std::get_if<TxnAnswer>(&answer.said)) return weight_of(*txn);
  return 0;
}

Op look(Interval keys = all_keys, std::int64_t limit = 0) {
  return {Range{.keys = keys, .limit = limit}};
}
Op put(std::string_view key, std::string_view value = {}) {
  return {Put{.key = key, .value = value}};
}
Txn txn(std::vector<Op> ops) { return {.compares = {}, .success = std::move(ops), .failure = {}}; }

// Ten keys of 1000 bytes, and an answer may weigh as much as two of them.
class AnswerWeight : public testing::Test {
 public:
  AnswerWeight() {
    for (const char c : std::string("abcdefghij")) do_it(Put{.key = name(c), .value = large});
    state.most_answer = 2 * (item_weight + 1 + large.size()) + 4 * op_weight;
  }
  std::string_view name(char c) { return names.emplace_back(1, c); }
  Answer do_it(const Command& command) { return kv::run(state, command, 1); }
  // It is refused, and nothing was done.
  bool is_refused(const Command& command) {
    const std::int64_t revision = state.store.revision();
    const std::int64_t keys = state.store.keys();
    const Answer answer = do_it(command);
    if (answer.refusal != Refusal::answer_too_large) {
      EXPECT_EQ(answer.refusal, Refusal::none);
      EXPECT_LE(weight_of(answer), state.most_answer);
      EXPECT_LE(encode(answer).size(), state.most_answer);
      return false;
    }
    EXPECT_EQ(state.store.revision(), revision);
    EXPECT_EQ(state.store.keys(), keys);
    return true;
  }
  const std::string large = std::string(1000, 'x');
  std::deque<std::string> names;
  State state;
};

TEST_F(AnswerWeight, of_ranges_in_a_transaction_is_summed_up_and_refused_before_anything_is_done) {
  EXPECT_TRUE(is_refused(txn({put("new"), look()})));
  EXPECT_FALSE(is_refused(txn({put("new"), look({"a", {}}), look({"b", {}})})));
  EXPECT_TRUE(is_refused(txn({put("new"), look({"a", {}}), look({"b", {}}), look({"c", {}})})));
  EXPECT_TRUE(is_refused(txn({put("new"), {txn({look(), look()})}}))) << "nested ones count, too";
  EXPECT_FALSE(is_refused(Txn{.compares = {}, .success = {put("new")}, .failure = {look()}}))
      << "a branch that is not taken tells nothing";
}

TEST_F(AnswerWeight, knows_limits_counts_and_keys_only) {
  EXPECT_FALSE(is_refused(txn({put("z"), look({"a", from_there}, 1)})));
  EXPECT_FALSE(is_refused(txn({look({"a", from_there}, 2), put("z")})));
  EXPECT_TRUE(is_refused(txn({look({"a", from_there}, 3), put("z")})));
  Range few{.keys = all_keys, .count_only = true};
  EXPECT_FALSE(is_refused(txn({put("z"), {few}})));
  few.count_only = false;
  few.keys_only = true;
  EXPECT_FALSE(is_refused(txn({put("z"), {few}})));
}

TEST_F(AnswerWeight, of_what_was_there_before_counts) {
  EXPECT_FALSE(is_refused(Put{.key = "a", .value = large, .prev_kv = true}));
  EXPECT_TRUE(is_refused(DeleteRange{.keys = all_keys, .prev_kv = true}));
  EXPECT_TRUE(is_refused(txn({put("new"), {DeleteRange{.keys = all_keys, .prev_kv = true}}})));
  const Put before{.key = "a", .value = "1", .prev_kv = true};
  EXPECT_TRUE(is_refused(txn({{before}, {before}, {before}}))) << "of what it put itself, too";
  EXPECT_FALSE(is_refused(DeleteRange{.keys = {"a", "c"}, .prev_kv = true}));
  EXPECT_FALSE(is_refused(DeleteRange{.keys = all_keys}));
  const std::string larger(4000, 'y');
  do_it(Put{.key = "a", .value = larger});
  EXPECT_TRUE(is_refused(Put{.key = "a", .value = "1", .prev_kv = true}));
}

TEST_F(AnswerWeight, of_what_the_transaction_put_before_it_looks_counts) {
  EXPECT_TRUE(is_refused(
      txn({put("k", large), put("l", large), put("m", large), look({"k", from_there})})));
  const Put keeps{.key = "a", .value = {}, .ignore_value = true};
  const Interval a{"a", {}};
  EXPECT_TRUE(is_refused(txn({{keeps}, look(a), look(a), look(a)})));
  // Before, nothing was of that revision; and what was kept is, then.
  const Range now{.keys = a, .min_mod_revision = state.store.revision() + 1};
  EXPECT_TRUE(is_refused(txn({{keeps}, {now}, {now}, {now}})));
  // Old revisions do not show what is put now.
  const Range old{.keys = {"k", from_there}, .revision = 3};
  EXPECT_FALSE(is_refused(txn({put("k", large), put("l", large), put("m", large), {old}})));
}

// Whoever deletes the first keys uncovers others behind the limit.
TEST_F(AnswerWeight, of_what_a_deletion_uncovers_counts) {
  for (const char c : std::string("ABC")) do_it(Put{.key = name(c), .value = {}});
  const Interval ours{"A", from_there};
  EXPECT_FALSE(is_refused(txn({look(ours, 3)})));
  EXPECT_TRUE(is_refused(txn({{DeleteRange{.keys = {"A", "D"}}}, look(ours, 3)})));
}

// Whatever is asked, what is told weighs no more than is allowed. What is refused without having
// written anything before it looks would have been too much.
TEST(AnswerWeights, are_kept_by_whatever_clients_think_of) {
  std::uint64_t refused = 0;
  std::uint64_t told = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    RandomRequests random(seed);
    State state;
    state.most_answer = 3000 + (seed % 4) * 3000;  // operations alone weigh less
    for (int i = 0; i < 400; ++i) {
      random.now_at(state.store.revision(), state.store.compacted());
      const Command command = random.command(1);
      const std::int64_t before = state.store.revision();
      const Answer answer = kv::run(state, command, 1);
      if (answer.refusal == Refusal::none) {
        told += weight_of(answer) > 0 ? 1 : 0;
        ASSERT_LE(weight_of(answer), state.most_answer) << "seed " << seed;
      }
      if (answer.refusal != Refusal::answer_too_large) continue;
      ++refused;
      ASSERT_EQ(state.store.revision(), before);
      const auto* erase = std::get_if<DeleteRange>(&command);
      if (erase == nullptr) continue;
      const auto found = state.store.range(Range{.keys = erase->keys});
      ASSERT_GT(weight_of(found->items), state.most_answer);
    }
  }
  EXPECT_GT(refused, 50U);
  EXPECT_GT(told, 2000U);
}

TEST(AnswerWeights, SEC_15_a_small_request_for_all_data_many_times_is_refused_by_every_replica) {
  KvRig rig;
  const std::string value(1 << 20, 'x');
  for (int i = 0; i < 4; ++i) rig.put("key" + std::to_string(i), value);
  Txn asks = txn({put("new")});
  for (int i = 0; i < 127; ++i) asks.success.push_back(look());
  EXPECT_LT(encode(Command(asks)).size(), 5000U);
  const std::int64_t revision = rig.machine.store().revision();
  EXPECT_EQ(rig.run(asks).refusal, Refusal::answer_too_large);
  EXPECT_EQ(rig.machine.store().revision(), revision);
  asks.success.resize(8);
  EXPECT_EQ(rig.run(asks).refusal, Refusal::none);
}

// They are all there at once.
TEST(AnswerWeights, SEC_15_the_answers_of_a_batch_are_bounded_together_and_small_ones_are_told) {
  KvRig rig;
  const std::string value(10 << 20, 'x');
  rig.put("large", value);
  std::vector<machine::Command> batch;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Put mine{.key = i % 2 == 0 ? "large" : "small", .value = value, .prev_kv = i % 2 == 0};
    batch.push_back({{{1}, {100 + i}}, Bytes::own(encode(Command(mine)))});
  }
  std::vector<std::string> answers(batch.size());
  rig.machine.apply(batch, answers);
  std::size_t bytes = 0;
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    bytes += answers[i].size();
    const auto answer = decode_answer(answers[i]);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->revision, 3 + static_cast<std::int64_t>(i)) << "each of them was done";
    left_out += answer->refusal == Refusal::answer_left_out ? 1 : 0;
    if (i % 2 == 1) {
      EXPECT_EQ(answer->refusal, Refusal::none);
    }
  }
  EXPECT_LE(bytes, most_answers_bytes + 20 * 100);
  EXPECT_EQ(left_out, 4U);
}

TEST(AnswerWeights, what_is_sorted_and_limited_is_the_same_however_often_it_was_cut) {
  KvRig rig;
  for (int i = 0; i < 5000; ++i)
    rig.put("key" + std::to_string(i * 7919 % 5000), std::to_string(i * 104'729 % 5000));
  for (const Order order : {Order::ascending, Order::descending})
    for (const SortBy by : {SortBy::key, SortBy::value, SortBy::mod}) {
      Range range{.keys = all_keys, .order = order, .sort_by = by};
      auto whole = *rig.machine.store().range(range);
      for (const std::int64_t limit : {1, 3, 600, 1500, 4999, 5000, 6000}) {
        range.limit = limit;
        const auto some = *rig.machine.store().range(range);
        const auto most =
            std::min<std::size_t>(whole.items.size(), static_cast<std::size_t>(limit));
        EXPECT_EQ(some.items, std::vector(whole.items.begin(),
                                          whole.items.begin() + static_cast<std::ptrdiff_t>(most)));
        EXPECT_EQ(some.more, limit < 5000);
        EXPECT_EQ(some.count, 5000);
      }
    }
}

// As little as there is, and not after all has been gathered.
TEST(AnswerWeights, SEC_15_a_range_is_refused_when_it_has_become_too_large) {
  KvRig rig;
  for (int i = 0; i < 3000; ++i) rig.put("key" + std::to_string(i), "0123456789");
  const std::uint64_t each = item_weight + 17;
  for (const Order order : {Order::none, Order::descending}) {
    for (const std::int64_t limit : {0, 100, 2500}) {
      const Range range{.keys = all_keys, .limit = limit, .order = order};
      Weight enough{.most = 3000 * each, .sum = 0};
      ASSERT_TRUE(rig.machine.store().range(range, enough));
      Weight same{.most = enough.sum, .sum = 0};
      EXPECT_TRUE(rig.machine.store().range(range, same));
      Weight less{.most = enough.sum - 1, .sum = 0};
      EXPECT_EQ(rig.machine.store().range(range, less).error(), Refusal::answer_too_large);
      Weight rest{.most = enough.sum, .sum = 1};
      EXPECT_EQ(rig.machine.store().range(range, rest).error(), Refusal::answer_too_large);
      Range old = range;
      old.revision = rig.machine.store().revision() - 1;
      Weight little{.most = 500, .sum = 0};
      EXPECT_EQ(rig.machine.store().range(old, little).error(), Refusal::answer_too_large);
      EXPECT_LE(little.sum, little.most + each) << "nothing was gathered beyond that";
    }
  }
}

}  // namespace
}  // namespace bowline::kv

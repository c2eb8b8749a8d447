// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "bowline/kv/range_rules.h"
#include "bowline/kv/store.h"

// How a range is answered: which keys, in which order, how many of them.
namespace bowline::kv {
namespace {

// Equal ones stay in the order of their keys, also when the greatest comes first. Only the first
// `most` are wanted, in their order; or in any order, if `sorts` is not.
template <class Field>
void sort_by(std::vector<Item>& items, const Range& range, std::size_t most, bool sorts,
             Field field) {
  const bool turns = range.order == Order::descending;
  const auto is_before = [&](const Item& a, const Item& b) {
    if (a.*field == b.*field) return a.key < b.key;
    return turns ? b.*field < a.*field : a.*field < b.*field;
  };
  if (items.size() > most) {
    const auto end = items.begin() + static_cast<std::ptrdiff_t>(most);
    std::ranges::nth_element(items, end, is_before);
    items.erase(end, items.end());
  }
  if (sorts) std::ranges::sort(items, is_before);
}

void sort(std::vector<Item>& items, const Range& range, std::size_t most, bool sorts) {
  switch (range.sort_by) {
    case SortBy::key: return sort_by(items, range, most, sorts, &Item::key);
    case SortBy::version: return sort_by(items, range, most, sorts, &Item::version);
    case SortBy::create: return sort_by(items, range, most, sorts, &Item::create_revision);
    case SortBy::mod: return sort_by(items, range, most, sorts, &Item::mod_revision);
    case SortBy::value: return sort_by(items, range, most, sorts, &Item::value);
  }
}

}  // namespace

// The items of one answer, as they are found by rising keys. What has to be sorted is cut to the
// limit now and then: the keys of the interval may be many times those that are wanted.
struct Store::Taking {
  Taking(const Store& owner, const Range& asked, Weight& sum)
      : store(owner), range(asked), is_in_order(is_sorted_by_key(asked)), weight(sum) {
    if (range.limit > 0) most = static_cast<std::size_t>(range.limit);
  }
  // False: no more is needed, or it is too much.
  bool take(const Version& version) {
    if (range.count_only || !passes(range, version)) return !range.count_only;
    if (is_in_order && answer.items.size() == most) {
      answer.more = true;
      return false;
    }
    answer.items.push_back(store.item(version));
    if (is_in_order || answer.items.size() <= most) {
      lightest += is_in_order || most == none ? weight_of(range, answer.items.back()) : item_weight;
      is_too_much = weight.sum + lightest > weight.most;
    }
    if (!is_in_order && answer.items.size() / 2 >= std::max(most, few)) cut(false);
    return !is_too_much;
  }
  void cut(bool sorts) {
    answer.more = answer.more || answer.items.size() > most;
    sort(answer.items, range, most, sorts);
  }
  std::expected<RangeAnswer, Refusal> finish() {
    if (!is_in_order && !is_too_much) cut(true);
    if (is_too_much) {
      weight.sum += lightest;
    } else {
      for (const Item& item : answer.items) weight.sum += weight_of(range, item);
    }
    if (weight.is_too_much()) return std::unexpected(Refusal::answer_too_large);
    if (range.keys_only)
      for (Item& item : answer.items) item.value = {};
    return std::move(answer);
  }

  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max() / 2;
  static constexpr std::size_t few = 1024;
  const Store& store;
  const Range& range;
  bool is_in_order;
  Weight& weight;
  std::size_t most = none;
  std::uint64_t lightest = 0;  // that the items of the answer can be, whatever comes
  bool is_too_much = false;
  RangeAnswer answer;
};

void Store::present(Taking& taking) const {
  const Interval& keys = taking.range.keys;
  if (keys.is_single()) {
    const Version* const version = find(keys.key);
    if (version == nullptr) return;
    taking.answer.count = 1;
    taking.take(*version);
    return;
  }
  taking.answer.count = index_.live_in(keys);
  if (taking.answer.count > 0)
    each(keys, [&](const Version& version) { return taking.take(version); });
}

void Store::past(Taking& taking, std::int64_t revision) const {
  bool takes = true;
  index_.each(taking.range.keys, [&](const Key& key) {
    const Version* const version = version_at(key, revision);
    if (version == nullptr) return true;
    ++taking.answer.count;
    takes = takes && taking.take(*version);
    return !taking.is_too_much;
  });
}

std::expected<RangeAnswer, Refusal> Store::range(const Range& range) const {
  return this->range(range, Pin());
}

std::expected<RangeAnswer, Refusal> Store::range(const Range& range, const Pin& pin) const {
  Weight weight;
  return this->range(range, pin, weight);
}

std::expected<RangeAnswer, Refusal> Store::range(const Range& range, Weight& weight) const {
  return this->range(range, Pin(), weight);
}

std::expected<RangeAnswer, Refusal> Store::range(const Range& range, const Pin& pin,
                                                 Weight& weight) const {
  Taking taking(*this, range, weight);
  const std::int64_t revision = std::max<std::int64_t>(range.revision, 0);
  const bool is_pinned = revision > 0 && pin.is_of(pins_) && revision >= pin.floor();
  if (revision > revision_) return std::unexpected(Refusal::future_revision);
  if (revision > 0 && revision < compacted_ && !is_pinned)
    return std::unexpected(Refusal::compacted);
  if (range.keys.is_empty()) return RangeAnswer{};
  if (revision == 0 || (revision == revision_ && written_ == 0)) {
    present(taking);
  } else {
    past(taking, revision);
  }
  return taking.finish();
}

}  // namespace bowline::kv

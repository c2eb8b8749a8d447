// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <limits>

#include "bowline/base/ensure.h"
#include "bowline/kv/store.h"

// How a range is answered: which keys, in which order, how many of them.
namespace bowline::kv {
namespace {

bool is_sorted_by_key(const Range& range) {
  return range.sort_by == SortBy::key && range.order != Order::descending;
}

bool passes(const Range& range, const Version& version) {
  if (range.min_mod_revision != 0 && version.main < range.min_mod_revision) return false;
  if (range.max_mod_revision != 0 && version.main > range.max_mod_revision) return false;
  if (range.min_create_revision != 0 && version.create < range.min_create_revision) return false;
  return range.max_create_revision == 0 || version.create <= range.max_create_revision;
}

// Equal ones stay in the order of their keys, also when the greatest comes first.
template <class Field>
void sort_by(std::vector<Item>& items, Order order, Field field) {
  const bool turns = order == Order::descending;
  std::ranges::sort(items, [&](const Item& a, const Item& b) {
    if (a.*field == b.*field) return a.key < b.key;
    return turns ? b.*field < a.*field : a.*field < b.*field;
  });
}

void sort(std::vector<Item>& items, const Range& range) {
  switch (range.sort_by) {
    case SortBy::key: return sort_by(items, range.order, &Item::key);
    case SortBy::version: return sort_by(items, range.order, &Item::version);
    case SortBy::create: return sort_by(items, range.order, &Item::create_revision);
    case SortBy::mod: return sort_by(items, range.order, &Item::mod_revision);
    case SortBy::value: return sort_by(items, range.order, &Item::value);
  }
}

}  // namespace

// The items of one answer, as they are found by rising keys.
struct Store::Taking {
  explicit Taking(const Store& owner, const Range& asked) : store(owner), range(asked) {
    if (range.limit > 0 && is_sorted_by_key(range)) most = static_cast<std::size_t>(range.limit);
  }
  // False: no more is needed.
  bool take(const Version& version) {
    if (range.count_only || !passes(range, version)) return !range.count_only;
    if (answer.items.size() == most) {
      answer.more = true;
      return false;
    }
    answer.items.push_back(store.item(version));
    return true;
  }
  RangeAnswer finish() {
    std::vector<Item>& items = answer.items;
    if (!is_sorted_by_key(range)) {
      sort(items, range);
      if (range.limit > 0 && items.size() > static_cast<std::size_t>(range.limit)) {
        items.resize(static_cast<std::size_t>(range.limit));
        answer.more = true;
      }
    }
    if (range.keys_only)
      for (Item& item : items) item.value = {};
    return std::move(answer);
  }

  const Store& store;
  const Range& range;
  std::size_t most = std::numeric_limits<std::size_t>::max();
  RangeAnswer answer;
};

RangeAnswer Store::present(const Range& range) const {
  Taking taking(*this, range);
  if (range.keys.is_single()) {
    const Version* const version = find(range.keys.key);
    if (version == nullptr) return {};
    taking.answer.count = 1;
    taking.take(*version);
    return taking.finish();
  }
  taking.answer.count = index_.live_in(range.keys);
  if (taking.answer.count > 0)
    each(range.keys, [&](const Version& version) { return taking.take(version); });
  return taking.finish();
}

RangeAnswer Store::past(const Range& range, std::int64_t revision) const {
  Taking taking(*this, range);
  bool takes = true;
  index_.each(range.keys, [&](const Key& key) {
    const Version* const version = version_at(key, revision);
    if (version == nullptr) return true;
    ++taking.answer.count;
    takes = takes && taking.take(*version);
    return true;
  });
  return taking.finish();
}

std::expected<RangeAnswer, Refusal> Store::range(const Range& range) const {
  return this->range(range, Pin());
}

std::expected<RangeAnswer, Refusal> Store::range(const Range& range, const Pin& pin) const {
  if (range.keys.is_empty() && range.revision <= 0) return RangeAnswer{};
  if (range.revision <= 0) return present(range);
  if (range.revision > revision_) return std::unexpected(Refusal::future_revision);
  const bool is_pinned = pin.is_of(pins_) && range.revision >= pin.floor();
  if (range.revision < compacted_ && !is_pinned) return std::unexpected(Refusal::compacted);
  if (range.keys.is_empty()) return RangeAnswer{};
  if (range.revision == revision_ && written_ == 0) return present(range);
  return past(range, range.revision);
}

}  // namespace bowline::kv

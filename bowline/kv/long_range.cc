// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/long_range.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/kv/range_rules.h"
#include "bowline/kv/values.h"

namespace bowline::kv {
namespace {

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

// To take the last of many from a heap costs about as much as to look at so many keys.
constexpr std::uint64_t keys_a_pop = 4;

bool is_of_present(const Store& store, const Range& range) {
  return range.revision <= 0 || range.revision == store.revision();
}

// Values with other beginnings are in the order of these, also where one is shorter.
std::uint64_t beginning(std::string_view value) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i)
    number = number << 8U | (i < value.size() ? static_cast<unsigned char>(value[i]) : 0U);
  return number;
}

std::uint64_t sorted_by(const Range& range, const Version& version) {
  switch (range.sort_by) {
    case SortBy::key: break;
    case SortBy::version: return static_cast<std::uint64_t>(version.version);
    case SortBy::create: return static_cast<std::uint64_t>(version.create);
    case SortBy::mod: return static_cast<std::uint64_t>(version.main);
    case SortBy::value: return beginning(Values::view(version));
  }
  return 0;
}

}  // namespace

bool LongRange::is_long(const Store& store, const Range& range, std::uint64_t few) {
  if (range.keys.is_empty()) return false;
  if (!is_of_present(store, range))
    return range.revision < store.revision() && range.revision >= store.compacted();
  if (range.count_only || range.keys.is_single()) return false;
  const bool stops = range.limit > 0 && is_sorted_by_key(range) && !has_filters(range);
  if (stops && static_cast<std::uint64_t>(range.limit) <= few) return false;
  return static_cast<std::uint64_t>(store.count(range.keys)) > few;
}

LongRange::LongRange(const Store& store, const Range& range, const Weight& weight)
    : store_(store),
      range_(range),
      is_present_(is_of_present(store, range)),
      is_in_order_(is_sorted_by_key(range)),
      revision_(is_present_ ? store.revision() : range.revision),
      pin_(store.pin(revision_)),
      weight_(weight),
      most_(range.limit > 0 ? static_cast<std::size_t>(range.limit) : no_limit),
      from_(range.keys.key),
      end_(range.keys.range_end),
      takes_(!range.count_only) {
  ensure(!store.is_written());
  if (is_present_) count_ = store.count(range.keys);
  range_.keys = {};
}

bool LongRange::step(std::uint64_t& most) {
  if (!pin_.holds()) return false;
  if (phase_ == Phase::gathering) gather(most);
  if (phase_ == Phase::sorting) sort(most);
  return true;
}

// As long as nothing was written, what is gone need not be looked at.
void LongRange::gather(std::uint64_t& most) {
  const Interval rest{from_, end_};
  is_all_ = true;
  std::string next;
  const auto look_at = [&](const Key& key) {
    const bool goes_on = look(key, most);
    if (!is_all_) next = key.view();
    return goes_on;
  };
  if (store_.revision() == revision_ && !store_.is_written()) {
    store_.each(rest, [&](const Version& version) { return look_at(*version.key); });
  } else {
    store_.each_key(rest, look_at);
  }
  from_ = std::move(next);
  if (!is_all_) return;
  const bool sorts = !is_in_order_ && !is_too_much_;
  if (!sorts || most_ == no_limit) weight_.sum += lightest_;
  sorted_from_ = sorts ? found_.size() : 0;
  phase_ = sorts ? Phase::sorting : Phase::ready;
}

// False: it is not seen yet, or no more has to be. A key may have more versions than there are
// keys, so it may end in the midst of these. Nothing that is newer than the pin is forgotten.
bool LongRange::look(const Key& key, std::uint64_t& most) {
  if (most == 0) return is_all_ = false;
  const Version* at = std::exchange(at_, nullptr);
  ensure(at == nullptr || at->key == &key);
  if (at == nullptr) {
    --most;
    at = key.newest;
  }
  for (; at != nullptr && at->main > revision_; at = at->older, --most) {
    if (most > 0) continue;
    at_ = at;
    return is_all_ = false;
  }
  if (at == nullptr || !at->is_live()) return true;
  if (!is_present_) ++count_;
  takes_ = takes_ && take(*at);
  return takes_ || (!is_present_ && !is_too_much_);
}

// False: no more is needed, or it is too much. As Store::range() counts it, so that the same is
// refused, with the same number.
bool LongRange::take(const Version& version) {
  if (!passes(range_, version)) return true;
  const auto is_less = [this](const Found& a, const Found& b) { return is_before(a, b); };
  if (found_.size() == most_) {
    more_ = true;
    if (is_in_order_) return false;
    const Found other = found(version);
    if (!is_before(other, found_.front())) return true;
    std::ranges::pop_heap(found_, is_less);
    found_.back() = other;
    std::ranges::push_heap(found_, is_less);
    return true;
  }
  found_.push_back(found(version));
  const bool is_all_known = is_in_order_ || most_ == no_limit;
  lightest_ += is_all_known ? weight_of(range_, item(found_.back())) : item_weight;
  if (!is_in_order_) std::ranges::push_heap(found_, is_less);
  is_too_much_ = weight_.sum + lightest_ > weight_.most;
  return !is_too_much_;
}

// The greatest come first if all of it is turned round; but equal ones stay in the order of keys.
LongRange::Found LongRange::found(const Version& version) {
  const std::uint64_t number = numbers_++;
  const bool turns = range_.order == Order::descending;
  const std::uint64_t rank = is_in_order_ ? 0 : sorted_by(range_, version);
  return {.rank = turns ? ~rank : rank,
          .number = turns && range_.sort_by == SortBy::key ? ~number : number,
          .version = &version};
}

bool LongRange::is_before(const Found& a, const Found& b) const {
  if (a.rank != b.rank) return a.rank < b.rank;
  if (range_.sort_by == SortBy::value) {
    const int order = Values::view(*a.version).compare(Values::view(*b.version));
    if (order != 0) return (range_.order == Order::descending) == (order > 0);
  }
  return a.number < b.number;
}

void LongRange::sort(std::uint64_t& most) {
  const auto is_less = [this](const Found& a, const Found& b) { return is_before(a, b); };
  for (; sorted_from_ > 0 && most > 0; most -= std::min(most, keys_a_pop)) {
    const auto end = found_.begin() + static_cast<std::ptrdiff_t>(sorted_from_--);
    std::pop_heap(found_.begin(), end, is_less);
    if (most_ != no_limit) weight_.sum += weight_of(range_, item(found_[sorted_from_]));
  }
  if (sorted_from_ == 0) phase_ = Phase::ready;
}

Item LongRange::item(const Found& one) const { return store_.item(*one.version); }

std::optional<Item> LongRange::next() {
  if (told_ == found_.size()) return std::nullopt;
  Item next = item(found_[told_++]);
  if (range_.keys_only) next.value = {};
  return next;
}

}  // namespace bowline::kv

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "bowline/kv/item.h"
#include "bowline/kv/request.h"
#include "bowline/kv/version.h"
#include "bowline/kv/weight.h"

// What a range means, key by key: for those who answer it in one go, and in slices.
namespace bowline::kv {

// As keys are found. Then the first ones are good enough for a limit.
inline bool is_sorted_by_key(const Range& range) {
  return range.sort_by == SortBy::key && range.order != Order::descending;
}

inline bool passes(const Range& range, const Version& version) {
  if (range.min_mod_revision != 0 && version.main < range.min_mod_revision) return false;
  if (range.max_mod_revision != 0 && version.main > range.max_mod_revision) return false;
  if (range.min_create_revision != 0 && version.create < range.min_create_revision) return false;
  return range.max_create_revision == 0 || version.create <= range.max_create_revision;
}
inline bool has_filters(const Range& range) {
  return range.min_mod_revision != 0 || range.max_mod_revision != 0 ||
         range.min_create_revision != 0 || range.max_create_revision != 0;
}

// Of an item of the answer.
inline std::uint64_t weight_of(const Range& range, const Item& item) {
  return item_weight + item.key.size() + (range.keys_only ? 0 : item.value.size());
}

}  // namespace bowline::kv

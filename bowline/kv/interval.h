// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace bowline::kv {

// Which keys are meant. The convention is that of etcd: no end is one key, an end of one zero byte
// is all keys from there on, and otherwise the end is the first key that is not meant. Order is
// that of bytes.
struct Interval {
  std::string_view key;
  std::string_view range_end;

  bool is_single() const { return range_end.empty(); }
  bool is_unbounded() const { return range_end.size() == 1 && range_end[0] == '\0'; }
  bool is_empty() const { return !is_single() && !is_unbounded() && range_end <= key; }
  // Is this key before the end? (And perhaps before the beginning.)
  bool reaches(std::string_view other) const {
    if (is_single()) return other <= key;
    return is_unbounded() || other < range_end;
  }
  bool contains(std::string_view other) const { return other >= key && reaches(other); }
  friend bool operator==(const Interval&, const Interval&) = default;
};

// The end that makes an interval of all keys that begin so.
std::string prefix_end(std::string_view prefix);

}  // namespace bowline::kv

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <compare>

namespace bowline {

using Duration = std::chrono::nanoseconds;

// A moment on one node's own monotonic clock, counted from an origin that only that node knows.
// It is always handed in; nothing below runtime/ reads a clock.
struct Time {
  Duration since_start{0};
  friend constexpr auto operator<=>(Time, Time) = default;
  friend constexpr Time operator+(Time t, Duration d) { return {t.since_start + d}; }
  friend constexpr Duration operator-(Time a, Time b) { return a.since_start - b.since_start; }
};

inline constexpr Time never{Duration::max()};

}  // namespace bowline

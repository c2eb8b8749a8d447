// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

namespace bowline::wire {

inline bool is_printable(char c) { return c >= ' ' && c <= '~'; }

// Bytes of others go to people's terminals.
inline std::string printable(std::string_view text) {
  std::string clean(text);
  std::ranges::replace_if(clean, [](char c) { return !is_printable(c); }, '?');
  return clean;
}

}  // namespace bowline::wire

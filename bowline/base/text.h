// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

#include "bowline/base/few.h"

namespace bowline {

// A text that is kept often and changed never: one word, and as much memory as it has letters.
class Text {
 public:
  Text() = default;
  explicit Text(std::string_view text) : letters_(std::span(text)) {}

  std::string_view view() const { return {letters_.begin(), letters_.end()}; }
  std::size_t size() const { return letters_.size(); }
  friend bool operator==(const Text& a, const Text& b) { return a.view() == b.view(); }

 private:
  Few<char> letters_;
};

}  // namespace bowline

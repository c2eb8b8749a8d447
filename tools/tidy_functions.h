// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tools/tidy_text.h"

namespace bowline::tidy {

// A function with a body, outermost ones only: a lambda or a local class counts as a part of the
// function around it. The length runs from the first line of the signature to the last brace.
struct Function {
  std::string name;
  std::size_t first = 0;
  std::size_t last = 0;

  std::size_t length() const { return last - first + 1; }
};

struct Outline {
  std::vector<Function> functions;
  std::size_t unbalanced = 0;  // the line where the braces stop making sense; 0: they do
};

// Reads braces and the words before them, not C++. Good enough for code that clang-format has laid
// out; where it cannot tell, it says so by `unbalanced` instead of guessing.
Outline outline_of(const Source& source);

}  // namespace bowline::tidy

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "bowline/check/operation.h"

namespace bowline::check {

// What a map that is right keeps of one key. This is the whole specification.
struct Cell {
  bool there = false;
  std::uint64_t version = 0;  // of the last write, also once it is removed
  std::string value;
  friend bool operator==(const Cell&, const Cell&) = default;
};

Answer apply(const Operation&, Cell&);

// Would it change nothing?
bool is_read_here(const Operation&, const Cell&);

// The version that the key must have before this operation, for its answer to be right; 0: any.
std::uint64_t version_needed(const Operation&);

}  // namespace bowline::check

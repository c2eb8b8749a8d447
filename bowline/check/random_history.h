// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>

#include "bowline/base/prng.h"
#include "bowline/check/operation.h"

namespace bowline::check {

struct RandomHistory {
  std::size_t operations = 8;
  std::size_t clients = 3;
  std::size_t keys = 1;
  std::uint64_t unknown_percent = 10;
  std::uint64_t refused_percent = 10;
};

// What clients of a map that is right could have seen. Each operation takes effect at a moment of
// its own between its call and its end; one that is unknown whenever it likes, or never.
History random_history(Prng&, const RandomHistory&);

// Changes one thing, which may make it wrong.
void spoil(Prng&, History&);

// All orders, one after the other. For histories of one key that are short.
bool is_linearizable_by_force(const History&);

}  // namespace bowline::check

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "bowline/check/operation.h"
#include "bowline/check/verdict.h"

namespace bowline::check {

struct Budget {
  std::uint64_t steps = 50'000'000;  // of the search, for all keys together
};

// Is there an order of these operations in which each takes effect between its call and its end,
// all answers are right, and nothing that was refused is there? Keys are judged one by one: a map
// is linearizable if each of its keys is. Of one that is not, the shortest prefix is shown.
Verdict linearizable(const History&, const Budget& = {});

}  // namespace bowline::check

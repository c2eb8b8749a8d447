// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/check/operation.h"
#include "bowline/check/verdict.h"

namespace bowline::check {

// Where the log is known there is nothing to search: it says the order. Each operation that took
// effect has its place, what has none never did. Checks that
//   - nothing that was refused has a place, and nothing has two, nor two writes the same;
//   - what was done has one;
//   - the order agrees with real time: nothing is before what had ended when it was called;
//   - every answer is what the map says, when all are applied in this order.
// Takes the time of a sort. A history that passes is linearizable, in just this order.
Verdict against_log(const History&);

}  // namespace bowline::check

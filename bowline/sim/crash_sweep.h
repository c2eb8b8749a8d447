// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "bowline/sim/cohort.h"

namespace bowline::sim {

// Which part of a sweep is to be done, and who is told how far it is.
struct SweepPart {
  std::uint64_t part = 1;
  std::uint64_t parts = 1;
  std::uint64_t limit = 0;      // so many points or places at most, evenly spread; 0: all
  std::uint64_t only = 0;       // this point or place; 0: all
  std::uint64_t seed = 1;       // of the workload
  std::function<void()> ticks;  // after each point or place

  bool mine(std::uint64_t number, std::uint64_t of) const {
    if (only != 0) return number == only;
    if (number % parts != part - 1) return false;
    return limit == 0 || of <= limit || number * limit / of != (number + 1) * limit / of;
  }
};

// The logs of the sweeps: so small that much happens in 200 operations.
CohortOptions sweep_options(std::uint64_t nodes);
inline constexpr std::uint64_t sweep_operations = 200;

// A workload, and the power that fails at each boundary of each operation of each disk. From each
// such moment the disk goes on in many ways, and the node starts again from each.
struct CrashSweep {
  std::uint64_t nodes = 3;
  std::uint64_t subsets = 64;  // ways to lose what was not synced, at each point
  SweepPart part;
};

struct CrashSweepEnd {
  std::string wrong;         // empty: all was as it must be
  std::uint64_t at = 0;      // the point, if something is wrong ...
  std::uint64_t subset = 0;  // ... and which of the ways to lose something
  std::uint64_t points = 0;  // of all nodes
  std::uint64_t states = 0;  // that were started from
  std::uint64_t torn = 0;    // of these: a write that never ended was left out
  std::uint64_t mended = 0;  // a block was rebuilt
  std::uint64_t loops = 0;   // crashed again while they started
  std::uint64_t recrashes = 0;
  std::uint64_t groups = 0;  // of which all nodes lost power, and which went on together
  std::uint64_t lone = 0;    // of which one node lost power, while the others went on
};
// `end` is filled while it goes on.
void run(const CrashSweep&, CrashSweepEnd& end);

}  // namespace bowline::sim

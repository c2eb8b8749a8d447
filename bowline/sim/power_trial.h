// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "bowline/sim/crash_sweep.h"

namespace bowline::sim {

// A group under load whose power fails again and again, all nodes at once, at any instant. Each
// group meets only some of the failures, and then another one begins.
struct PowerTrial {
  std::uint64_t nodes = 3;
  std::uint64_t failures = 20'000;
  bool mishaps = false;  // besides, now and then a write or a sync fails, or a bit flips
  SweepPart part;        // counts groups
};
struct PowerTrialEnd {
  std::string wrong;     // empty: all was as it must be
  std::uint64_t at = 0;  // the group, if something is wrong
  std::uint64_t groups = 0;
  std::uint64_t failures = 0;
  std::uint64_t torn = 0;  // starts that left out a write that never ended
  std::uint64_t acknowledged = 0;
  std::uint64_t flips = 0;    // of bits, while the power was off
  std::uint64_t stopped = 0;  // processes that a failed write or sync ended
};
void run(const PowerTrial&, PowerTrialEnd& end);

}  // namespace bowline::sim

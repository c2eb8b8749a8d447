// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bowline/base/mutant.h"
#include "bowline/sim/history.h"
#include "bowline/sim/mutants.h"

namespace bowline::apps {

// How long a planted bug may live.
struct Hunt {
  std::uint64_t seeds = 20'000;  // at most
  double cpu_seconds = 600;      // at most, per bug
  std::size_t kills = 3;         // of independent seeds, then it is dead
  unsigned processes = 2;
  sim::Ground ground = sim::Ground::world;
  sim::Settings settings;
};

struct Kill {
  std::uint64_t seed = 0;
  std::string invariant;
  std::string what;
  double at = 0;  // virtual seconds
};

// What became of one planted bug.
struct Trial {
  Bug bug = Bug::none;
  std::vector<Kill> kills;                          // by witnesses
  std::map<std::string, std::uint64_t> invariants;  // and which of them
  std::uint64_t asserts = 0;                        // seeds that ended at an ensure()
  std::uint64_t hangs = 0;                          // or not at all
  std::string assert_at;
  std::uint64_t seeds = 0;
  double cpu_seconds = 0;
  double virtual_seconds = 0;
};

// Plants the bug and runs seeds, in processes of their own, until it was killed often enough or the
// budget is spent.
Trial hunt(Bug, const Hunt&);

}  // namespace bowline::apps

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "apps/sim/worker.h"

namespace bowline::apps {

struct Failure {
  std::uint64_t seed = 0;
  std::string invariant;
  std::string what;
};

// What a campaign found, added up.
std::uint64_t sum(const auto& counts) {
  return std::reduce(counts.begin(), counts.end(), std::uint64_t{0});
}

// What each seed had at the least: one that simulates little proves little.
struct Least {
  double virtual_seconds = std::numeric_limits<double>::max();
  std::uint64_t troubles = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t operations = std::numeric_limits<std::uint64_t>::max();
};
// ... in a minute of weather.
inline constexpr Least wanted_least{.virtual_seconds = 60, .troubles = 20, .operations = 200};

inline constexpr double election_seconds = 1;  // the timeout in each plan

struct Tally {
  std::uint64_t seeds = 0;
  std::uint64_t wanted = 0;
  std::vector<Failure> failures;
  std::array<std::uint64_t, sim::excuses> excuses{};
  sim::Counters counters;
  double virtual_seconds = 0;
  Least least;
  bool is_short = false;  // its weather was asked to take less than a minute
  double cpu_seconds = 0;
  double seconds = 0;
  std::vector<double> leader_after;  // seconds, of each seed that was not excused
  std::vector<double> level_after;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> hashes;  // seed and hash

  std::uint64_t excused() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 1; i < excuses.size(); ++i) sum += excuses[i];
    return sum;
  }
};

struct Effort {
  unsigned processes = 1;
  std::uint64_t enough_failures = 3;  // stop then
};

// Runs the seeds in processes of their own, so that one that dies takes nobody along.
Tally run_campaign(const Work&, const Effort&);

}  // namespace bowline::apps

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/log_hunt.h"

#include "bowline/sim/crash_sweep.h"
#include "bowline/sim/log_trial.h"
#include "bowline/sim/power_trial.h"
#include "bowline/sim/rot_sweep.h"

namespace bowline::sim {
namespace {

// Bounded parts, so that a seed takes well below a second.
constexpr std::uint64_t points = 12;
constexpr std::uint64_t flips = 400;
constexpr std::uint64_t large = 10;

std::string crash(std::uint64_t seed) {
  CrashSweepEnd end;
  run(CrashSweep{.nodes = seed % 2 == 0 ? 1U : 3U,
                 .subsets = 16,
                 .part = {.limit = points, .seed = seed, .ticks = {}}},
      end);
  return end.wrong;
}

std::string rot(std::uint64_t seed) {
  RotSweepEnd end;
  run(RotSweep{.each_large = large, .part = {.limit = flips, .seed = seed, .ticks = {}}}, end);
  return end.wrong;
}

std::string power(std::uint64_t seed) {
  PowerTrialEnd end;
  run(PowerTrial{.failures = 50, .mishaps = true, .part = {.limit = 1, .seed = seed, .ticks = {}}},
      end);
  return end.wrong;
}

}  // namespace

LogFinding hunt_log(std::uint64_t seed) {
  switch (seed / 2 % 4) {  // so that each kind has odd and even seeds
    case 0: return {.by = "trial", .what = run(LogTrial{}, seed).wrong};
    case 1: return {.by = "crash", .what = crash(seed)};
    case 2: return {.by = "rot", .what = rot(seed)};
    default: return {.by = "power", .what = power(seed)};
  }
}

}  // namespace bowline::sim

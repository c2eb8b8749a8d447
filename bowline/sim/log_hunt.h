// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

namespace bowline::sim {

// What a seed finds out about the log on disk, by one of its trials and sweeps, or a small part of
// it: random writes and crashes ("trial"), "crash", "rot", or "power".
struct LogFinding {
  std::string by;    // which of them
  std::string what;  // empty: all was as it must be
};
LogFinding hunt_log(std::uint64_t seed);

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "bowline/sim/history.h"

namespace bowline::apps {

// What a worker tells of one seed, as bytes through a pipe. The words follow, if there are any.
struct Finding {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;
  std::uint64_t excuse = 0;
  std::int64_t virtual_ns = 0;
  std::int64_t leader_ns = 0;
  std::int64_t level_ns = 0;
  std::uint64_t words = 0;  // bytes of "I9\nwhat was seen"; 0: all went well
  sim::Counters counters;
};

// Shared with the parent, so that it knows what a worker did when it died.
struct Slot {
  std::uint64_t seed = 0;  // 0: none
  std::array<char, 16384> last_words{};
};

struct Work {
  std::uint64_t first = 1;  // seed
  std::uint64_t count = 1;
  std::uint64_t stride = 1;  // every how manyth
  bool twice = true;         // and compare
  sim::Settings settings;
};

// One seed, twice if wanted. The words are empty if all went well.
Finding examine(std::uint64_t seed, const Work&, std::string& words);

// In a process of its own: seeds from `position` on, each `step`-th of the work, until the end.
[[noreturn]] void run_worker(const Work&, std::uint64_t position, std::uint64_t step, int pipe,
                             Slot&);

}  // namespace bowline::apps

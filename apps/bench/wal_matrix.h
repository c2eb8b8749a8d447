// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "apps/bench/wal_load.h"

namespace bowline::bench {

struct Spread {
  std::vector<double> values;
  double least() const;
  double median() const;
  double most() const;
};

enum class Who : std::uint8_t {
  ours,
  ours_threads,
  bare_sync,
  bare_direct,
  rocksdb,
  rocksdb_wal,
  sqlite
};
inline constexpr std::size_t who_count = 7;
const char* name_of(Who);

// All rounds of one contender under one load.
struct Series {
  Spread syncs, entries, entries_per_cpu, bytes;  // a second
  Spread cpu_us;                                  // a sync
};

struct Cell {
  Load load;
  Series series[who_count];

  const Series& of(Who who) const { return series[static_cast<std::size_t>(who)]; }
  // The better of the two ways of system calls.
  double limit() const;
};

struct Plan {
  std::string directory;
  std::vector<std::uint64_t> groups = {1, 1000};
  std::vector<std::size_t> payloads = {16, 256, 4096};
  std::vector<std::size_t> waiting = {1, 64, 1024};
  int rounds = 5;
  double seconds = 0.7;    // of each contender in each round
  bool only_ours = false;  // for a profiler
};

// The cells of one payload and one number that wait, side by side: in each round every contender
// has its turn with every number of groups, so that a slow moment of the machine hits each.
std::vector<Cell> measure(const Plan&, std::size_t payload, std::size_t waiting);

void print_tables(const std::vector<Cell>&);
void write_json(const std::string& path, const std::vector<Cell>&, const Plan&);

}  // namespace bowline::bench

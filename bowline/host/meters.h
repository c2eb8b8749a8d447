// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "bowline/host/stages.h"

namespace bowline::host {

// What all groups of a node have done together since its start.
struct Counters {
  std::uint64_t proposals = 0;  // commands that were given to a core, here
  std::uint64_t batches = 0;    // of them
  std::uint64_t refused = 0;    // batches, reads and operations
  std::uint64_t unknown = 0;    // of which nobody here knows what became of them
  std::uint64_t overruled = 0;
  std::uint64_t reads = 0;
  std::uint64_t applied = 0;  // entries
  std::uint64_t candidacies = 0;
  std::uint64_t terms_led = 0;
  std::uint64_t snapshots_taken = 0;
  std::uint64_t snapshots_installed = 0;
  std::uint64_t letters_received = 0;
  std::uint64_t strays = 0;  // letters that could not be read, or are for a group that is not here
  std::uint64_t crowded_out = 0;  // letters whose entries had no room: host::Options::backlog_bytes
  std::uint64_t turns = 0;
  std::uint64_t stalls = 0;  // of the disk: writes of the log that took too long
};

// Belongs to the thread of the node.
struct Meters {
  Counters counters;
  Stages stages;
};

}  // namespace bowline::host

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "bowline/raft/core.h"

namespace bowline::sim {

// A log entry in the simulator. `prefix` is a hash of everything from the first entry of the group
// through this one: two logs that agree on it agree on all before it.
struct Line {
  raft::Entry entry;
  std::uint64_t prefix = 0;
};

// What a disk holds, or is about to hold: hard state, and the log after a base.
struct Image {
  raft::HardState hard;
  raft::Base base;                // membership null: this node knows of no group
  std::uint64_t base_prefix = 0;  // the hash of everything through the base
  std::vector<Line> lines;        // after the base
  // Lines that the log on disk can no longer read. We keep them for the witnesses; the node only
  // knows their ids, once it has noticed.
  raft::Damage rotten;

  Index last() const { return base.id.index + lines.size(); }
  // Null below or at the base, and past the end.
  const Line* at(Index index) const {
    if (index <= base.id.index || index > last()) return nullptr;
    return &lines[index.value - base.id.index.value - 1];
  }
};

// A state machine: here, only what tells two of them apart.
struct Machine {
  LogId applied;
  std::uint64_t digest = 0;  // a hash of every entry applied, in order; equals Line::prefix
};

// A snapshot of the machine that is durable on this node.
struct Snapshot {
  raft::Base base;
  std::uint64_t digest = 0;
};

// One node of the simulated world, as the world and its witnesses see it.
struct Site {
  NodeId id;
  Incarnation incarnation;
  Image durable;      // survives a power failure
  Image written;      // durable, and what is on its way: what the log would serve
  Snapshot snapshot;  // durable; covers at least the durable base
  Machine machine;    // volatile: rebuilt from the snapshot at a start
  std::shared_ptr<const raft::Core> core;  // null while it is down
  std::uint64_t life = 0;                  // counts the starts
  bool wiped_since_bound = false;  // its disk was lost while the group counted on this life of it
  bool given_up = false;           // an operator made another go on without it, as a new cluster
};

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "bowline/base/bytes.h"
#include "bowline/base/ids.h"

namespace bowline::raft {

enum class Kind : std::uint8_t { command, membership, blank };

struct Entry {
  LogId id;
  Kind kind = Kind::command;
  Bytes payload;  // opaque here, except for Kind::membership
};

inline constexpr std::uint64_t entry_overhead = 32;  // so that empty entries weigh something too

using Batch = std::vector<Entry>;  // consecutive indexes

// What must survive a crash beside the log. The vote names one life of the candidate, so that a
// wiped candidate does not inherit it.
struct HardState {
  Term term;
  NodeId voted_for;
  Incarnation voted_incarnation;
  // This life of the node began without the founding membership: another one may have voted before
  // it, and lost its disk. It votes once a log names it.
  bool blank = false;
  friend bool operator==(const HardState&, const HardState&) = default;
};

}  // namespace bowline::raft

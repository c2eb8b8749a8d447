// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bowline/raft/core.h"
#include "bowline/sim/disk.h"
#include "bowline/sim/exhaustive.h"

// One replica of the exhaustive search: the real core and a disk, as a value.
namespace bowline::sim::small {

struct Letter {
  NodeId from;
  NodeId to;
  raft::Message message;
};

// Of an entry of a log: the hash of all through it, and its term.
struct Mark {
  std::uint64_t prefix = 0;
  std::uint8_t term = 0;
  friend bool operator==(Mark, Mark) = default;
};
using Marks = std::vector<Mark>;  // of the entries 1, 2, ...

struct Replica {
  raft::Core core;
  Image durable;
  Image written;              // once all of `writes` are done
  std::vector<Write> writes;  // on their way to the disk, oldest first
  std::uint8_t life = 1;
  // The last vote that it gave away and said so, in any life.
  std::uint64_t voted_in = 0;
  std::uint64_t voted_for = 0;
  Round campaign;  // whose requests left last, in this life

  NodeId id() const { return core.self(); }
};

std::uint64_t digest(const Replica&);
// Of what it has promised and written down, and of its part: the rest is what it knows of others.
std::uint64_t digest_of_kind(const Replica&);
Marks marks(const Image&, Index through);

// What can happen to one replica.
struct Act {
  enum class Kind : std::uint8_t {
    hear,        // `letter`
    hear_late,   // after a silence in which all protection lapsed
    time_out,    // its election timer
    beat,        // a leader's heartbeat
    lose_touch,  // a leader finds that no quorum answered for a timeout
    finish,      // the `count` oldest writes are durable
    propose,     // a client's entry
    crash,       // the power fails: `count` writes survive, and `parts` of the next; back at once
  };
  Kind kind = Kind::hear;
  std::uint8_t count = 0;
  std::uint8_t parts = 0;
  std::uint32_t letter = 0;
};

inline bool hears(const Act& what) {
  return what.kind == Act::Kind::hear || what.kind == Act::Kind::hear_late;
}

// What it did.
struct Taken {
  Replica after;
  raft::Effects effects;
  std::vector<Letter> sent;
  std::string broken;  // a promise or a rule that this step broke by itself; empty: none
};

// A replica of the group {1 ... nodes}, at its first start.
Replica newborn(NodeId, const Limits&);
// A client's entry is named by where it went into the log, and so is who asked for it.
inline Ticket ticket_of(LogId id) { return {16 * id.term.value + id.index.value}; }
inline LogId entry_of(Ticket ticket) { return {{ticket.value / 16}, {ticket.value % 16}}; }
// Everything that may happen to it, but for what it hears.
std::vector<Act> acts_of(const Replica&, const Limits&);
// `letter` for `hear` and `hear_late` only.
Taken act(const Replica&, const Act&, const Letter* letter, const Limits&);

}  // namespace bowline::sim::small

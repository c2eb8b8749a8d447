// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "bowline/raft/effect.h"
#include "bowline/raft/input.h"
#include "bowline/sim/site.h"

namespace bowline::sim {

// A promise that was broken: which invariant (I1 ... I27 of docs/SIMULATION.md), and what was seen.
struct Violation {
  std::string invariant;  // "I9"
  std::string what;       // for a person: who, which term, which index
};

// Where the witnesses report. The first violation ends the history.
class Court {
 public:
  virtual ~Court() = default;
  virtual void violated(Violation) = 0;
  virtual const Site* site(NodeId) const = 0;  // null: no such node
  virtual std::uint64_t sites() const = 0;     // ids are 1 ... sites()
  virtual Time true_time() const = 0;          // which no node ever sees
};

// What the weather does, for stories.
struct Note {
  enum class What : std::uint8_t {
    episode_begun,  // `number`: its id in the plan
    episode_ended,
    down,  // `number`: 0 the power failed, 1 the process was killed
    paused,
    resumed,
    message_lost,  // from `node` to `peer`
    message_doubled,
    rotted,   // `number`: the index
    noticed,  // and the node has noticed
    full,     // its log found no space ...
    room,     // ... and finds it again
    healed,   // the liveness phase begins; `number`: a bit for each node of the core
  };
  What what = What::episode_begun;
  NodeId node;
  NodeId peer;
  std::uint64_t number = 0;
};

// Sees all that happens, as no node can, and never touches it. Each call must be cheap: constant
// or logarithmic in the length of the history.
class Witness {
 public:
  virtual ~Witness() = default;
  virtual void started(const Site&) {}  // its core was made from the durable image
  virtual void crashed(const Site&) {}  // core gone; `durable` is what remains; `written` equals it
  virtual void wiped(const Site&, Incarnation former) { static_cast<void>(former); }
  // An operator made this site go on alone, as a cluster of a new name; its disk says so now. From
  // here on all others are given up, and what only they had is owed to nobody.
  virtual void forced(const Site&, ClusterId anew) { static_cast<void>(anew); }
  virtual void noted(const Note&) {}
  virtual void ended(const std::optional<Violation>&) {}  // the history; all can still be asked
  // A core took one step. Called before any of the effects was performed, but with Persist already
  // taken over into `written` (not into `durable`).
  virtual void stepped(const Site&, const raft::Input&, const raft::Effects&) {}
  virtual void sent(const Site&, NodeId /*to*/, const raft::Message&) {}  // the instant it leaves
  // Of whole nodes: what it sent so far has left, or there is no connection to send something by.
  virtual void shipped(const Site&, NodeId /*to*/) {}
  virtual void no_way(const Site&, NodeId /*to*/) {}
  virtual void persisted(const Site&, Seq) {}        // `durable` has moved
  virtual void applied(const Site&, const Line&) {}  // one entry, by the machine
  virtual void snapshot_taken(const Site&) {}        // site.snapshot is new and durable
  virtual void snapshot_installed(const Site&) {}    // and the machine was set to it

  // Clients. A write's value is unique, so its entry is known by its bytes.
  virtual void write_begun(Ticket, const Bytes& command) { static_cast<void>(command); }
  virtual void write_ended(Ticket, raft::Outcome) {}  // what the client was told
  virtual void write_refused(Ticket) {}
  virtual void read_begun(Ticket, const Site&, raft::ReadKind) {}
  // Served from the machine of that site, which has applied at least the read's index. Of a
  // verification: the answer "yes, I lead" was given.
  virtual void read_served(Ticket, const Site&) {}
  // A read that may be as old as this was served from the machine of that site.
  virtual void old_read_served(const Site&, Duration at_most) { static_cast<void>(at_most); }
};

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "bowline/base/bytes.h"
#include "bowline/raft/message.h"
#include "bowline/raft/options.h"

namespace bowline::raft {

// Everything that can happen to a replica. There is no other way in.

struct Woken {};  // deadline() has passed
struct Received {
  NodeId from;
  Message message;
};
struct Persisted {  // write `seq`, and all before it, are on disk
  Seq seq;
};

// Requests of local clients. Each ticket gets exactly one last word: Refused, Decided or ReadReady.
struct Propose {
  Ticket ticket;
  std::vector<Bytes> commands;  // one batch: consecutive entries of one term
  Term expected;                // refuse in any other term; 0: whichever
};
struct Barrier {  // decided once everything before it is committed
  Ticket ticket;
};
struct Reconfigure {
  Ticket ticket;
  std::vector<Wanted> wanted;     // the whole set that is wanted
  std::optional<Index> expected;  // only if this configuration is still in force
};
struct CancelChange {  // take back the change in flight
  Ticket ticket;
};
enum class ReadKind : std::uint8_t {
  linearizable,  // one round of heartbeats, shared by all reads that wait (dissertation 6.4)
  lease,         // none, while the lease holds; needs Options::lease_reads; else as above
  verify,        // do I still lead? On the leader only
};
struct Read {
  Ticket ticket;
  ReadKind kind = ReadKind::linearizable;
};
struct Transfer {  // hand leadership over
  Ticket ticket;
  NodeId to;  // 0: to the best there is
};
struct Recover {  // by an operator only: the others are gone for good, go on alone
  Ticket ticket;
  // A new one, so that nobody of the old cluster can come back unasked. Whoever joins later must be
  // told of it (Identity): the log that it is given begins in the old cluster.
  ClusterId cluster;
};

// Hints from the host.
struct Campaign {};      // start an election now
struct ForgetLeader {};  // stop protecting the leader that we know
struct Suspect {         // the connection to this peer closed and did not come back, or is silent
  NodeId peer;
};
struct Contact {  // with this peer, over another connection than before, or after a silence
  NodeId peer;
};
struct Unreachable {  // something sent to this peer was lost
  NodeId peer;
};
struct Tune {  // other options from now on; with lease_reads, times stay as they are
  std::shared_ptr<const Options> options;
};
struct Fullness {  // we cannot take more entries, or can again
  bool full = false;
};
struct Stalled {  // a write of ours has taken for so long that others should lead; or it is done
  bool stalled = false;
};

// Snapshots.
struct Compacted {  // our own snapshot covers through here, durably
  Index through;
};
// A snapshot is installed, durably, in place of the machine's state; unless the machine was further
// already: then it stays as it is, and only the snapshot is kept.
struct Restored {
  Base base;
};
struct RestoreFailed {           // it could not be fetched or installed
  std::optional<LogId> through;  // which Restore this answers; none: the only one
};
struct SnapshotEnded {  // our sending of a snapshot to this peer is over, well or not
  NodeId to;
};

// Damage. Found when an entry is read back: rot on our own disk.
struct Unreadable {
  Index first, last;
};

using Input =
    std::variant<Woken, Received, Persisted, Propose, Barrier, Reconfigure, CancelChange, Read,
                 Transfer, Recover, Campaign, ForgetLeader, Suspect, Contact, Unreachable, Tune,
                 Fullness, Stalled, Compacted, Restored, RestoreFailed, SnapshotEnded, Unreadable>;

}  // namespace bowline::raft

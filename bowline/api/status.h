// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/base/time.h"
#include "bowline/host/courier.h"
#include "bowline/host/fetching.h"
#include "bowline/host/meters.h"
#include "bowline/host/replica.h"
#include "bowline/host/shard.h"
#include "bowline/raft/core.h"
#include "bowline/raft/why.h"
#include "bowline/wal/scrubber.h"

// How a node and its groups stand, as values that may be kept. They are made on the node's thread.
namespace bowline {

// One other member, as the leader sees it.
struct PeerStatus {
  NodeId id;
  bool voter = false;
  Index match;  // its log is known to equal ours through here
  Index next;   // what is sent to it next
  raft::Progress::Mode mode = raft::Progress::Mode::probing;
  bool paused = false;        // as much is under way as may be
  bool full = false;          // its disk has no room
  bool caught_up = false;     // of a newcomer
  std::size_t in_flight = 0;  // messages with entries that were not answered
  std::uint64_t in_flight_bytes = 0;
  std::optional<Duration> silent;  // since it was heard last; none: never by this leader
  bool up = false;                 // there is a connection
  std::uint64_t queued_bytes = 0;  // which it has not taken yet, of all groups
};

// How a group stands, as this node sees it.
struct GroupStatus {
  GroupId group;
  bool here = false;      // else nothing of the rest is known
  bool starting = false;  // ... but how far its state is loaded
  raft::Role role = raft::Role::follower;
  Term term;
  NodeId leader;                          // 0: not known
  std::optional<Duration> leader_silent;  // of a follower
  Index commit;
  LogId applied;
  LogId base;  // the log begins after it
  LogId last;
  Index durable;   // of the log, through here
  LogId snapshot;  // the newest that is here
  raft::Membership members;
  Index members_at;             // the entry that brought them
  bool change_pending = false;  // not committed, or not at its goal yet
  bool damaged = false;         // entries are lost, and are being asked for
  bool stateless = false;       // its snapshot was lost; nothing is applied until another one came
  bool stopped = false;         // it has seen what cannot be, or its machine failed ...
  std::string failure;          // ... as this sentence says
  bool disk_stalled = false;    // it does not stand for election until a write is done
  NodeId heir;                  // to whom this leader is handing over; 0: nobody
  raft::Drops drops;
  std::vector<PeerStatus> peers;  // of a leader
  // A snapshot of another node that is on its way here.
  std::optional<host::Fetching::Progress> fetching;
  // One of ours that is being written; and one, of whomever, that goes into the machine.
  std::optional<host::SnapshotStore::Progress> taking;
  std::optional<host::SnapshotStore::Progress> loading;
};

struct LinkStatus {
  NodeId id;
  std::string address;  // where it is called; empty: it calls us
  bool up = false;
  std::uint64_t queued_bytes = 0;
  wire::Version version = 0;  // that is spoken with it; 0: there is no connection
};

// A snapshot that another node fetches from us.
struct GivingStatus {
  NodeId to;
  std::uint64_t bytes = 0;  // that were sent to it
};

struct LogStatus {
  std::uint64_t segments = 0;               // files; none of a log that is no files
  std::uint64_t bytes = 0;                  // that it takes
  std::uint64_t retired = 0, recycled = 0;  // segments, since the start
  std::uint64_t copied = 0;                 // rows, out of segments that were to go
  wal::Scrubbed scrubbed;
  bool full = false;  // the disk has no room for another segment
  // For so long the disk has been busy with one write, or with making room for it.
  Duration busy{0};
  bool stalled = false;  // which is too long: groups hand over that this node leads
};

struct NodeStatus {
  NodeId id;
  std::string name;
  std::uint64_t groups = 0;
  std::uint64_t leads = 0;       // so many of them
  std::uint64_t leaderless = 0;  // of these nobody here knows who leads
  LogStatus log;
  std::vector<LinkStatus> links;
  std::vector<GivingStatus> giving;
  host::Counters counters;
  host::Courier::Sent sent;
  std::uint64_t letters_lost = 0;
  std::uint64_t backlog_bytes = 0;    // asked for, and in memory only: host::Options::backlog_bytes
  std::uint64_t backlog_refused = 0;  // since there was no room in that
  std::shared_ptr<const host::Stages> stages;  // of proposals, as they were then
};

// On the node's thread.
GroupStatus status_of(const host::Shard&, const host::Replica&);
GroupStatus status_of(const host::Shard&, GroupId);  // which need not be there
NodeStatus status_of(const host::Shard&);

// What explain() goes by.
struct Evidence {
  NodeId self;
  GroupStatus status;
  raft::WhyNotLeading leading;
  raft::WhyNotCommitted oldest;  // of the oldest entry that is not known to be committed
  bool disk_full = false;
  Duration disk_busy{0};   // with one write
  std::vector<NodeId> up;  // whom this node can speak to
};
Evidence evidence_of(const host::Shard&, const host::Replica&);

// In sentences, one a line: who leads, or why nobody does that we know of; what a proposal waits
// for; what each follower lacks; what is wrong with this replica itself.
std::string explain(const Evidence&);

}  // namespace bowline

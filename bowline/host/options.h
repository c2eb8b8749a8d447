// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>

#include "bowline/base/ids.h"
#include "bowline/base/time.h"
#include "bowline/host/courier.h"
#include "bowline/host/detector.h"
#include "bowline/host/links.h"
#include "bowline/host/operators.h"
#include "bowline/host/snapshots.h"
#include "bowline/host/stores.h"
#include "bowline/host/transfers.h"
#include "bowline/raft/options.h"
#include "bowline/wal/options.h"
#include "bowline/wire/version.h"

namespace bowline::host {

// Of all durations in options, here and of whoever embeds us: it keeps their sums in range.
inline constexpr Duration longest = std::chrono::hours(24 * 365);
// Of those after which something is done again and again: less would keep the thread busy with it.
inline constexpr Duration shortest = std::chrono::milliseconds(1);
// As a sentence, of the first that is longer, or shorter; empty: none is.
struct Named {
  const char* name;
  Duration duration;
};
std::string fault_of_lengths(std::initializer_list<Named>);
std::string fault_of_pauses(std::initializer_list<Named>);

// Of one node.
struct Options {
  NodeId self;
  std::string name;  // for people: 255 letters of printable ASCII at most
  // Of the cluster: nodes that have another one do not speak with us. Empty: whichever they have.
  std::string cluster;
  std::string listen;     // "host:port", where other nodes find us ...
  std::string advertise;  // ... unless they have to call this; empty: it is the same
  wal::Options log;
  Links::Options links;
  Courier::Options courier;
  // Leaders are spread over the nodes: so often it is looked whether they should be, and so many
  // are handed over then. 0: never.
  Duration balance_every{0};
  std::size_t balance_at_once = 16;
  Detector::Options detector;    // of nodes that are gone, for groups that sleep
  Operators::Options operators;  // whom it obeys over the wire who is no node
  Snapshots::Options snapshots;
  Transfers::Options transfers;
  // Of all groups together: proposals that are not on the disk yet, each with 256 bytes more than
  // the command has. Beyond, they are refused as `full` before anything is taken; but one, however
  // large, is always taken. Entries that others send are let go while twice as much waits for the
  // disk, as if they had been lost on the way.
  std::uint64_t backlog_bytes = 256 << 20;
  Stores stores;  // in place of files: then `log` and `snapshots` only have to be without fault
  // Of what nodes say to each other: nothing newer is spoken (docs/WIRE.md). While a cluster is
  // upgraded, an older one keeps the way back open to those that look at what it brought.
  wire::Version newest_version = wire::newest_version;
  // Another one at each start of the process: tells its lives apart, and is where all that has to
  // be drawn is drawn from.
  std::uint64_t boot = 1;

  std::string fault() const;  // what is wrong with them, as a sentence; empty: nothing
};

// Of one group on this node.
struct GroupOptions {
  // Shared by as many groups as are alike: thousands of them should not have one each.
  std::shared_ptr<const raft::Options> raft = usual();
  // Which the membership names. Given after a forced recovery, at each start, to all that are
  // members since; 0: whichever.
  ClusterId cluster;
  std::uint64_t slice_bytes = 256 << 10;  // no more is applied in one turn
  // A snapshot is made after so many entries, or so many bytes of them; 0: never by itself.
  std::uint64_t snapshot_entries = 100'000;
  std::uint64_t snapshot_bytes = 256 << 20;
  // After entries only if these are also so many parts of 1,000 of what the newest snapshot takes.
  // Otherwise a large state is written again and again because of a few entries; 0: never mind.
  std::uint64_t snapshot_permille = 0;
  // And whatever they are, when the first entry that the newest snapshot lacks was applied so long
  // ago; 0: never because of that.
  Duration snapshot_every{0};
  // So many entries stay in the log behind it, for those that are a little late.
  std::uint64_t keep_entries = 10'000;
  // A leader keeps more, up to so many bytes, while a member that answers lacks it. Whoever fetches
  // a snapshot would else find that what follows it is gone, and fetch the next one. 0: nothing.
  std::uint64_t keep_bytes_for_members = 1 << 30;
  // So many bytes may be committed and not applied yet. Beyond, a leader refuses proposals as
  // `full`: whoever proposes faster than the machine works has to hear of it.
  std::uint64_t unapplied_bytes = 64 << 20;
  // A leader whose disk takes longer than an election timeout for one write hands over to the best
  // of the others, and does not stand for election before that write is done.
  bool hand_over_when_stalled = true;

  std::string fault() const;
  // Why a group that runs cannot go on with these, as a sentence; empty: it can. While leases are
  // read from, the timeouts of this node are what others count on right now.
  std::string cannot_become(const GroupOptions& next) const;

  // Those of the protocol, and groups sleep when they were idle for 5 s.
  static std::shared_ptr<const raft::Options> usual();
  // All that is usual, but for what this sets: one of raft::Options made anew would lose the rest.
  //   GroupOptions::with([](raft::Options& raft) { raft.election = 300ms; })
  static GroupOptions with(const std::function<void(raft::Options&)>& set);
  // The same of these, which others of the protocol's may share: they keep theirs.
  void adjust(const std::function<void(raft::Options&)>& set);
};

}  // namespace bowline::host

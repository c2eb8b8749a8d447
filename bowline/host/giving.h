// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "bowline/env/life.h"
#include "bowline/host/channel.h"
#include "bowline/host/pace.h"
#include "bowline/host/snapshot_store.h"
#include "bowline/wire/parcel.h"

namespace bowline::host {

// The side of a connection that has snapshots: answers what the other one asks. What was offered
// stays on our disk as long as this lives, and of each group only what was offered last.
class Giving {
 public:
  // No more pieces may be asked for and not sent yet. Whoever asks for more is none of ours.
  static constexpr std::size_t most_asked = 8;
  // No piece is read while so much waits in the channel.
  static constexpr std::uint64_t most_queued = 4 << 20;

  struct Terms {
    // Why the other side may not have a group's, as a sentence; empty: it may.
    std::move_only_function<std::string(GroupId)> why_not;
    // After so many bytes of a piece it is another one's turn: whoever is given nothing for long
    // would look for another node.
    std::uint64_t part_bytes = std::numeric_limits<std::uint64_t>::max();
  };

  // The pace is shared by all who give.
  Giving(SnapshotStore& snapshots, Pace& pace, Channel& channel, Terms terms)
      : snapshots_(snapshots), pace_(pace), channel_(channel), terms_(std::move(terms)) {}

  // An error: end the connection.
  Result<void> hear(const wire::Parcel&);
  // All that was sent has left our memory.
  void drained() { next(); }
  // Who fetches one of its snapshots hears that it is gone.
  void forget(GroupId group) { held_.erase(group); }

  std::uint64_t given_bytes() const { return given_bytes_; }
  // Of which the other side wanted one, and may have it: of groups that are here.
  const std::set<GroupId>& wanted() const { return wanted_; }

 private:
  Result<void> offer(const wire::WantSnapshot&);
  Result<void> enqueue(const wire::WantPiece&);
  HeldSnapshotPtr held(const wire::WantPiece&);
  Result<void> say(std::string frame);
  void next();
  void read(wire::WantPiece);
  void send(wire::WantPiece, const Result<env::Buffer>&);
  void send_part(std::uint64_t bytes);
  void done();

  SnapshotStore& snapshots_;
  Pace& pace_;
  Channel& channel_;
  Terms terms_;
  std::map<GroupId, HeldSnapshotPtr> held_;
  std::set<GroupId> wanted_;
  std::deque<wire::WantPiece> asked_;  // the first one is under way, if `busy_`
  bool busy_ = false;
  std::string frame_;           // of the piece that is being sent
  std::size_t sent_ = 0;        // of these bytes; above 0: in the midst of it
  std::uint64_t unsent_ = 0;    // of the piece
  std::string said_meanwhile_;  // goes behind it
  std::uint64_t given_bytes_ = 0;
  env::Life life_;
};

}  // namespace bowline::host

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "bowline/env/life.h"
#include "bowline/host/links.h"
#include "bowline/raft/core.h"
#include "bowline/wal/log_store.h"

namespace bowline::host {

// Takes what all replicas of a node want to send in one turn, and puts it into one frame for each
// peer: the heartbeats of a thousand groups are one system call. Entries are read from the log, and
// wait while too much else waits for the same peer, so that a heartbeat never stands behind them.
// Nor does it overtake them in what it says: it speaks of the entries that have left.
class Courier {
 public:
  struct Options {
    std::uint64_t part_bytes = 256 << 10;   // of entries in one message
    std::uint64_t frame_bytes = 512 << 10;  // a frame is sent once it is so large
    std::uint64_t queued_bytes = 1 << 20;   // beyond, entries wait until a peer has taken these

    // What a frame may come to: it was almost full, and the largest message joined it.
    std::uint64_t most_bytes(std::uint64_t entry_bytes) const {
      constexpr std::uint64_t heads = 64 << 10;
      return frame_bytes + std::max(part_bytes, entry_bytes) + heads;
    }
  };
  struct Hooks {
    std::move_only_function<const raft::Core*(GroupId)> core;  // null: there is no such group here
    std::move_only_function<void(GroupId, NodeId to, const raft::Message&)> sent;  // may be empty
    std::move_only_function<void(GroupId, Index)> unreadable;
    std::move_only_function<void(NodeId)> dropped;  // some of what it was to get; it takes more now
    std::move_only_function<void()> due;            // something was written outside of a turn
    // What was put into frames for it is on its way, or lost with its connection. May be empty.
    std::move_only_function<void(NodeId)> shipped = {};
    std::move_only_function<void(GroupId, NodeId)> no_way = {};  // nobody is there; may be empty
  };

  struct Sent {  // since it began
    std::uint64_t frames = 0;
    std::uint64_t letters = 0;
    std::uint64_t bytes = 0;
  };

  Courier(wal::LogStore&, Links&, Options, Hooks);

  void send(GroupId, raft::Send&&);
  void send(GroupId, raft::SendSpan&&);
  void send(GroupId, raft::SendEntries&&);
  void flush();                                 // the end of a turn
  void drained(NodeId);                         // there is room for entries again
  std::uint64_t lost() const { return lost_; }  // messages for whom there was no connection
  const Sent& sent() const { return sent_; }
  bool spoke(NodeId);  // it sent a frame since this was asked last

 private:
  struct Wanted {  // entries that a peer's disk has lost
    GroupId group;
    raft::SendEntries what;
    std::size_t done = 0;
  };
  struct Stream {                      // of one group to one peer
    std::deque<raft::SendSpan> spans;  // not sent, or not all of it; by where they begin
    std::uint64_t reading = 0;         // names the read of the disk that is under way; 0: none
    bool queued = false;               // has its turn
  };
  struct Post {  // to one peer
    std::string frame;
    bool spoke = false;
    std::uint64_t sent_bytes = 0;  // since no more waited for it than entries may
    bool dropped = false;          // something that was for it, since it was drained last
    std::uint64_t epoch = 0;       // of the connection that it is written for
    std::map<GroupId, Stream> streams;
    std::deque<GroupId> turns;  // of those that have something to send and need no disk
  };

  void put(GroupId, NodeId to, const raft::Message&);
  void ship(NodeId to, Post&);
  bool room(NodeId to, const Post&) const;
  static void give_turn(Post&, GroupId, Stream&);
  void pump(NodeId to, Post&);
  bool still_valid(GroupId, const raft::SendSpan&);
  Stream* stream(NodeId to, GroupId);
  bool send_part(NodeId to, GroupId, Stream&);
  void send_entries(GroupId, raft::SendSpan&, raft::Batch);
  void read(NodeId to, GroupId, Stream&);
  void was_read(NodeId to, GroupId, std::uint64_t number, Result<raft::Batch>);
  void stay_behind(GroupId, raft::Send&);
  bool may_rest(GroupId);
  void run(Wanted);
  void found(Wanted, Result<raft::Batch>);

  wal::LogStore& log_;
  Links& links_;
  Options options_;
  Hooks hooks_;
  std::map<NodeId, Post> posts_;
  std::uint64_t reads_ = 0;
  std::uint64_t lost_ = 0;
  Sent sent_;
  env::Life life_;
};

}  // namespace bowline::host

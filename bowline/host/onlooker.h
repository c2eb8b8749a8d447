// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/base/ids.h"
#include "bowline/raft/effect.h"
#include "bowline/raft/input.h"
#include "bowline/wal/log_store.h"

namespace bowline::host {

class Replica;

// Sees what the replicas of a node do, when they do it, and never touches it: the witnesses of the
// simulator, and logs for people.
class Onlooker {
 public:
  virtual ~Onlooker() = default;
  virtual void opened(const wal::Opened&) {}  // the log, before any group is started
  // The log of a group begins here now, with this state, on the disk; before its replica starts.
  virtual void based(GroupId, const raft::Base&, const raft::HardState&) {}
  virtual void started(const Replica&) {}
  virtual void persisted(const Replica&, Seq) {}  // before its core is told
  // Before any of the effects is carried out.
  virtual void stepped(const Replica&, const raft::Input&, const raft::Effects&) {}
  virtual void sent(const Replica&, NodeId /*to*/, const raft::Message&) {}  // put into a frame
  // All that was sent to it so far is on its way, or lost with its connection.
  virtual void shipped(NodeId /*to*/) {}
  virtual void no_way(const Replica&, NodeId /*to*/) {}  // there is no connection to send it
  virtual void applied(const Replica&, const raft::Entry&) {}
  virtual void snapshot_taken(const Replica&, const raft::Base&) {}
  // The state came from another node. Not `used`: it was further already, and only keeps it.
  virtual void snapshot_installed(const Replica&, const raft::Base&, bool used) {
    static_cast<void>(used);
  }
};

}  // namespace bowline::host

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/host/outcome.h"
#include "bowline/host/replica.h"
#include "bowline/raft/input.h"

namespace bowline {

using host::Applied;
using host::Outcome;
using host::Overruled;
using host::ReadOutcome;
using host::Ready;
using host::Refused;
using host::Unknown;

// How a group stands, as this node sees it.
struct GroupStatus {
  raft::Role role = raft::Role::follower;
  Term term;
  NodeId leader;  // 0: not known
  Index commit;
  LogId applied;
  LogId last;
  raft::Membership members;
};

// Where work for the node's thread is left.
class Desk {
 public:
  virtual ~Desk() = default;
  // Is done there soon; with null, if the group is not on the node any more.
  virtual void with(GroupId, std::move_only_function<void(host::Replica*)>) = 0;
};

// One group on one node. A handle: copy it, and use it from any thread. Replies come on the node's
// thread, and hold it up: hand over what takes long.
class Group {
 public:
  Group(std::shared_ptr<Desk> desk, GroupId id) : desk_(std::move(desk)), id_(id) {}
  GroupId id() const { return id_; }

  // For what has no function here: done on the node's thread; null: it is not there any more.
  void with(std::move_only_function<void(host::Replica*)> work) const {
    desk_->with(id_, std::move(work));
  }

  // A command for the state machine. On the leader only; else it is refused, and says who leads.
  void propose(std::string command, host::Reply) const;
  std::future<Outcome> propose(std::string command) const;
  // When the machine may be read: on the node's thread, within the reply.
  void read(raft::ReadKind, host::ReadReply) const;
  std::future<ReadOutcome> read(raft::ReadKind = raft::ReadKind::linearizable) const;
  std::future<Outcome> barrier() const;

  // The members that are wanted, all of them. `expected`: only if this is still the configuration.
  std::future<Outcome> reconfigure(std::vector<raft::Wanted>,
                                   std::optional<Index> expected = {}) const;
  std::future<Outcome> transfer(NodeId to = {}) const;  // 0: to whoever is best
  std::future<Result<raft::Base>> snapshot() const;     // made now, and durable
  std::future<GroupStatus> status() const;

 private:
  std::shared_ptr<Desk> desk_;
  GroupId id_;
};

}  // namespace bowline

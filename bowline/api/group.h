// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/api/promise.h"
#include "bowline/api/query.h"
#include "bowline/api/status.h"
#include "bowline/host/outcome.h"
#include "bowline/host/replica.h"
#include "bowline/host/shard.h"
#include "bowline/raft/input.h"

namespace bowline {

using host::Applied;
using host::GroupOptions;
using host::is_worth_asking_again;  // if it was refused
using host::Outcome;
using host::Overruled;
using host::ReadOutcome;
using host::Ready;
using host::Refused;
using host::text;  // each of them as a sentence
using host::Unknown;

// Where work for the node's thread is left.
class Desk {
 public:
  virtual ~Desk() = default;
  // Is done there soon; with null, if the node has ended, and then on any thread.
  virtual void at(std::move_only_function<void(host::Shard*)>) = 0;
  // Whoever may ask in a loop reserves the bytes that this takes, and says so as it hands it over.
  // False: there is no room.
  virtual bool reserve(std::uint64_t bytes) = 0;
  virtual void at(std::move_only_function<void(host::Shard*)>, std::uint64_t bytes) = 0;
  // The same; with null, if the group is not on the node any more.
  void with(GroupId group, std::move_only_function<void(host::Replica*)> work,
            std::uint64_t bytes = 0) {
    auto found = [group, work = std::move(work)](host::Shard* shard) mutable {
      work(shard == nullptr ? nullptr : shard->find(group));
    };
    at(std::move(found), bytes);
  }
};

// One group on one node. A handle: copy it, and use it from any thread. What can be asked for is
// answered by a future, or by a reply, for whoever is on the node's thread: to wait for a future
// there is to wait for oneself. Replies come on that thread, and hold it up: hand over what takes
// long. Futures are answered in any case. If the node
// has no room (NodeOptions::backlog_bytes), a request is refused as `full` before the call returns,
// on the thread that asks: wait a little before the next try. If the node
// ends meanwhile, then with Unknown for what may be done, with Refused (stopped) for a read, with
// Fault::not_found for the rest, and with an empty status. If its disk fails, the same, but
// Fault::io; and the status stays.
class Group {
 public:
  Group(std::shared_ptr<Desk> desk, GroupId id) : desk_(std::move(desk)), id_(id) {}
  GroupId id() const { return id_; }

  // For what has no function here: done on the node's thread; null: it is not there any more.
  void with(std::move_only_function<void(host::Replica*)> work) const {
    desk_->with(id_, std::move(work));
  }

  // A command for the state machine. On the leader only; else it is refused, and says who leads.
  // With a term: refused in any other one, as when whoever proposes has read in that term.
  void propose(std::string command, host::Reply) const;
  void propose(std::string command, Term expected, host::Reply) const;
  std::future<Outcome> propose(std::string command, Term expected = {}) const;
  // What `look` returns, who reads the machine: on the node's thread, where the machine is used,
  // once it shows all that was done before. It is answered in any case. An error: `look` was not
  // called, since the read was refused or the group ended; or it threw. It holds the node up: let
  // it copy what it wants, and be done. What it refers to has to live until the answer is there.
  template <class Look>
  void query(raft::ReadKind kind, Look look, env::Done<Seen<Look>> reply) const {
    read(kind, Query<Look>(std::move(look), std::move(reply)));
  }
  template <class Look>
  std::future<Seen<Look>> query(raft::ReadKind kind, Look look) const {
    return promised_by<Look>([&](auto reply) { query(kind, std::move(look), std::move(reply)); });
  }
  template <class Look>
  std::future<Seen<Look>> query(Look look) const {
    return query(raft::ReadKind::linearizable, std::move(look));
  }
  // On any member, whose state is at most so old: see read_within().
  template <class Look>
  void query_within(Duration at_most, Look look, env::Done<Seen<Look>> reply) const {
    read_within(at_most, Query<Look>(std::move(look), std::move(reply)));
  }
  template <class Look>
  std::future<Seen<Look>> query_within(Duration at_most, Look look) const {
    return promised_by<Look>(
        [&](auto reply) { query_within(at_most, std::move(look), std::move(reply)); });
  }
  // When the machine may be read: within the reply, which is on the node's thread, and nowhere
  // else. A future says that it could have been read; whoever wants to read it asks by query().
  void read(raft::ReadKind, host::ReadReply) const;
  std::future<ReadOutcome> read(raft::ReadKind = raft::ReadKind::linearizable) const;
  // On any member, leader or not: ready if its state is at most so old, so that it shows all that
  // was committed before that, and no client waits for the leader. It is refused as `too_old` where
  // that cannot be proved in that time: no leader answers. This trusts that clocks run as evenly as
  // raft::Options::drift_permille says, and nothing else: docs/EMBEDDING.md.
  void read_within(Duration at_most, host::ReadReply) const;
  std::future<ReadOutcome> read_within(Duration at_most) const;
  void verify(host::ReadReply) const;  // Ready: it led when a quorum answered just now
  std::future<ReadOutcome> verify() const;
  void barrier(host::Reply) const;  // Applied: so is all that was asked for before it
  std::future<Outcome> barrier() const;

  // Who leads, as far as this node knows, as soon as anybody does: what is proposed before that is
  // refused. Fault::timeout: nobody did in that time. Only the leader takes proposals, and it may
  // change at any moment: see is_worth_asking_again().
  void await_leader(Duration within, env::Done<Result<NodeId>>) const;
  std::future<Result<NodeId>> await_leader(Duration within) const;

  // The members that are wanted, all of them. `expected`: only if this is still the configuration.
  void reconfigure(std::vector<raft::Wanted>, std::optional<Index> expected, host::Reply) const;
  std::future<Outcome> reconfigure(std::vector<raft::Wanted>,
                                   std::optional<Index> expected = {}) const;
  // One member anew, or otherwise than it is; or gone. Refused as outdated if somebody else changes
  // the members meanwhile.
  void put_member(raft::Wanted, host::Reply) const;
  std::future<Outcome> put_member(raft::Wanted) const;
  void remove_member(NodeId, host::Reply) const;
  std::future<Outcome> remove_member(NodeId) const;
  void set_standing(NodeId, raft::Standing, host::Reply) const;  // learner to voter, and back
  std::future<Outcome> set_standing(NodeId, raft::Standing) const;
  void cancel_change(host::Reply) const;  // of the members, while it is under way
  std::future<Outcome> cancel_change() const;
  // The other voters are gone for good: this replica goes on alone, in a cluster of another name.
  // What it had not heard of is lost. All that are added later have to be told that name, by
  // host::GroupOptions::cluster, and so has this one when it starts again.
  void recover(ClusterId anew, host::Reply) const;
  std::future<Outcome> recover(ClusterId anew) const;

  void transfer(NodeId to, host::Reply) const;  // 0: to whoever is best
  std::future<Outcome> transfer(NodeId to = {}) const;
  void snapshot(env::Done<Result<raft::Base>>) const;  // made now, and durable
  std::future<Result<raft::Base>> snapshot() const;
  // The newest snapshot of the group into a file, after making one if there is anything new. See
  // portable.h for what it is good for.
  void export_snapshot(std::string path, env::Done<Result<raft::Base>>) const;
  std::future<Result<raft::Base>> export_snapshot(std::string path) const;
  // The commands that are committed, from this entry on, out of the log of this node: about so many
  // bytes of them, as they were proposed, and where to go on. Fault::not_found: a snapshot covers
  // the entry, and the log has it no more; or the group is not here.
  void read_log(Index from, std::uint64_t bytes, env::Done<Result<host::LogPart>>) const;
  std::future<Result<host::LogPart>> read_log(Index from, std::uint64_t bytes = 1 << 20) const;
  // Other options from now on, timeouts too. On each node of its own; the error says why not.
  void tune(host::GroupOptions, env::Done<Result<void>>) const;
  std::future<Result<void>> tune(host::GroupOptions) const;

  std::future<GroupStatus> status() const;
  std::future<std::string> explain() const;  // in sentences: who leads, what waits, and why

 private:
  template <class Look, class Ask>
  static std::future<Seen<Look>> promised_by(Ask ask) {
    std::promise<Seen<Look>> promise;
    std::future<Seen<Look>> future = promise.get_future();
    ask([promise = std::move(promise)](Seen<Look> seen) mutable {
      promise.set_value(std::move(seen));
    });
    return future;
  }
  using Change = std::function<bool(std::vector<raft::Wanted>&)>;
  void change_members(Change, host::Reply) const;

  std::shared_ptr<Desk> desk_;
  GroupId id_;
};

}  // namespace bowline

// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/group.h"

#include <algorithm>
#include <utility>

#include "bowline/api/portable.h"
#include "bowline/api/promise.h"

namespace bowline {
namespace {

const Refused gone{raft::Refusal::stopped, {}};
const Refused full{raft::Refusal::full, {}};
const Error not_here{Fault::not_found, "the group is not on this node"};

// Asked for with a reply, and kept as a future.
template <class What, class Ask>
std::future<What> promised(What if_dropped, Ask ask) {
  Promise<What> promise(std::move(if_dropped));
  std::future<What> future = promise.future();
  ask(std::move(promise));
  return future;
}

// Whoever asks faster than the node's thread listens must not fill the memory: so also those are
// refused who would be told on that thread.
template <class Reply, class Ask>
void ask_for(Desk& desk, GroupId id, Reply reply, Ask ask, std::uint64_t bytes = 0) {
  const std::uint64_t weight = bytes + host::Backlog::overhead;
  if (!desk.reserve(weight)) return reply(full);
  auto work = [reply = std::move(reply), ask = std::move(ask)](host::Replica* replica) mutable {
    if (replica == nullptr) return reply(gone);
    ask(*replica, std::move(reply));
  };
  desk.with(id, std::move(work), weight);
}

template <class Ask>
std::future<Outcome> outcome_of(Ask ask) {
  return promised<Outcome>(Unknown{}, std::move(ask));
}

template <class What, class Ask>
std::future<Result<What>> result_of(Ask ask) {
  return promised<Result<What>>(std::unexpected(not_here), std::move(ask));
}

}  // namespace

void Group::propose(std::string command, host::Reply reply) const {
  propose(std::move(command), {}, std::move(reply));
}

void Group::propose(std::string command, Term expected, host::Reply reply) const {
  const std::uint64_t bytes = command.size();
  auto ask = [command = Bytes::own(std::move(command)), expected](host::Replica& replica,
                                                                  host::Reply then) mutable {
    replica.propose(std::move(command), expected, std::move(then));
  };
  ask_for(*desk_, id_, std::move(reply), std::move(ask), bytes);
}

std::future<Outcome> Group::propose(std::string command, Term expected) const {
  return outcome_of(
      [&](host::Reply reply) { propose(std::move(command), expected, std::move(reply)); });
}

void Group::read(raft::ReadKind kind, host::ReadReply reply) const {
  ask_for(*desk_, id_, std::move(reply), [kind](host::Replica& replica, host::ReadReply then) {
    replica.read(kind, std::move(then));
  });
}

std::future<ReadOutcome> Group::read(raft::ReadKind kind) const {
  return promised<ReadOutcome>(gone, [&](host::ReadReply reply) { read(kind, std::move(reply)); });
}

void Group::read_within(Duration at_most, host::ReadReply reply) const {
  ask_for(*desk_, id_, std::move(reply), [at_most](host::Replica& replica, host::ReadReply then) {
    replica.read_within(at_most, std::move(then));
  });
}

std::future<ReadOutcome> Group::read_within(Duration at_most) const {
  return promised<ReadOutcome>(
      gone, [&](host::ReadReply reply) { read_within(at_most, std::move(reply)); });
}

void Group::verify(host::ReadReply reply) const { read(raft::ReadKind::verify, std::move(reply)); }
std::future<ReadOutcome> Group::verify() const { return read(raft::ReadKind::verify); }

void Group::barrier(host::Reply reply) const {
  ask_for(*desk_, id_, std::move(reply),
          [](host::Replica& replica, host::Reply then) { replica.barrier(std::move(then)); });
}

std::future<Outcome> Group::barrier() const {
  return outcome_of([&](host::Reply reply) { barrier(std::move(reply)); });
}

void Group::await_leader(Duration within, env::Done<Result<NodeId>> reply) const {
  desk_->with(id_, [within, reply = std::move(reply)](host::Replica* replica) mutable {
    if (replica == nullptr) return reply(std::unexpected(not_here));
    replica->await_leader(within, std::move(reply));
  });
}

std::future<Result<NodeId>> Group::await_leader(Duration within) const {
  return result_of<NodeId>([&](auto reply) { await_leader(within, std::move(reply)); });
}

// ---- members

void Group::reconfigure(std::vector<raft::Wanted> wanted, std::optional<Index> expected,
                        host::Reply reply) const {
  ask_for(*desk_, id_, std::move(reply),
          [wanted = std::move(wanted), expected](host::Replica& replica, host::Reply then) mutable {
            replica.reconfigure(std::move(wanted), expected, std::move(then));
          });
}

std::future<Outcome> Group::reconfigure(std::vector<raft::Wanted> wanted,
                                        std::optional<Index> expected) const {
  return outcome_of(
      [&](host::Reply reply) { reconfigure(std::move(wanted), expected, std::move(reply)); });
}

void Group::change_members(Change change, host::Reply reply) const {
  ask_for(*desk_, id_, std::move(reply),
          [change = std::move(change)](host::Replica& replica, host::Reply then) {
            // Only the leader knows who is a member, and only it could change that.
            const raft::Core& core = replica.core();
            if (core.stopped()) return then(gone);
            if (core.role() != raft::Role::leader)
              return then(Refused{raft::Refusal::not_leader, core.leader()});
            const raft::Config& config = core.memberships().latest();
            std::vector<raft::Wanted> wanted;
            for (const raft::Member& member : config.membership->members)
              wanted.push_back({member.id, member.goal, member.priority,
                                std::string(member.address.view()),
                                std::string(member.metadata.view())});
            if (!change(wanted)) return then(Refused{raft::Refusal::no_member, core.leader()});
            replica.reconfigure(std::move(wanted), config.at, std::move(then));
          });
}

void Group::put_member(raft::Wanted one, host::Reply reply) const {
  change_members(
      [one = std::move(one)](std::vector<raft::Wanted>& all) {
        std::erase_if(all, [&](const raft::Wanted& each) { return each.id == one.id; });
        all.push_back(one);
        return true;
      },
      std::move(reply));
}

std::future<Outcome> Group::put_member(raft::Wanted one) const {
  return outcome_of([&](host::Reply reply) { put_member(std::move(one), std::move(reply)); });
}

void Group::remove_member(NodeId id, host::Reply reply) const {
  change_members(
      [id](std::vector<raft::Wanted>& all) {
        return std::erase_if(all, [id](const raft::Wanted& each) { return each.id == id; }) > 0;
      },
      std::move(reply));
}

std::future<Outcome> Group::remove_member(NodeId id) const {
  return outcome_of([&](host::Reply reply) { remove_member(id, std::move(reply)); });
}

void Group::set_standing(NodeId id, raft::Standing standing, host::Reply reply) const {
  change_members(
      [id, standing](std::vector<raft::Wanted>& all) {
        const auto found = std::ranges::find(all, id, &raft::Wanted::id);
        if (found != all.end()) found->standing = standing;
        return found != all.end();
      },
      std::move(reply));
}

std::future<Outcome> Group::set_standing(NodeId id, raft::Standing standing) const {
  return outcome_of([&](host::Reply reply) { set_standing(id, standing, std::move(reply)); });
}

void Group::cancel_change(host::Reply reply) const {
  ask_for(*desk_, id_, std::move(reply),
          [](host::Replica& replica, host::Reply then) { replica.cancel_change(std::move(then)); });
}

std::future<Outcome> Group::cancel_change() const {
  return outcome_of([&](host::Reply reply) { cancel_change(std::move(reply)); });
}

void Group::recover(ClusterId anew, host::Reply reply) const {
  ask_for(*desk_, id_, std::move(reply), [anew](host::Replica& replica, host::Reply then) {
    replica.recover(anew, std::move(then));
  });
}

std::future<Outcome> Group::recover(ClusterId anew) const {
  return outcome_of([&](host::Reply reply) { recover(anew, std::move(reply)); });
}

void Group::transfer(NodeId to, host::Reply reply) const {
  ask_for(*desk_, id_, std::move(reply), [to](host::Replica& replica, host::Reply then) {
    replica.transfer(to, std::move(then));
  });
}

std::future<Outcome> Group::transfer(NodeId to) const {
  return outcome_of([&](host::Reply reply) { transfer(to, std::move(reply)); });
}

// ---- its state, its log, its options

void Group::snapshot(env::Done<Result<raft::Base>> reply) const {
  desk_->with(id_, [reply = std::move(reply)](host::Replica* replica) mutable {
    if (replica == nullptr) return reply(std::unexpected(not_here));
    replica->take_snapshot(std::move(reply));
  });
}

std::future<Result<raft::Base>> Group::snapshot() const {
  return result_of<raft::Base>([&](auto reply) { snapshot(std::move(reply)); });
}

// One that cannot be made, since there is nothing new, is no failure: then the newest is there. If
// the group has ended meanwhile, it is one.
void Group::export_snapshot(std::string path, env::Done<Result<raft::Base>> reply) const {
  desk_->at(
      [id = id_, path = std::move(path), reply = std::move(reply)](host::Shard* shard) mutable {
        host::Replica* const replica = shard == nullptr ? nullptr : shard->find(id);
        if (replica == nullptr) return reply(std::unexpected(not_here));
        replica->take_snapshot([shard, id, path = std::move(path),
                                reply = std::move(reply)](const Result<raft::Base>& taken) mutable {
          const bool nothing_new =
              !taken && taken.error().fault == Fault::not_found && shard->find(id) != nullptr;
          if (!taken && !nothing_new) return reply(std::unexpected(taken.error()));
          bowline::export_snapshot(*shard, id, std::move(path), std::move(reply));
        });
      });
}

std::future<Result<raft::Base>> Group::export_snapshot(std::string path) const {
  return result_of<raft::Base>(
      [&](auto reply) { export_snapshot(std::move(path), std::move(reply)); });
}

void Group::read_log(Index from, std::uint64_t bytes,
                     env::Done<Result<host::LogPart>> reply) const {
  desk_->with(id_, [from, bytes, reply = std::move(reply)](host::Replica* replica) mutable {
    if (replica == nullptr) return reply(std::unexpected(not_here));
    replica->read_log(from, bytes, std::move(reply));
  });
}

std::future<Result<host::LogPart>> Group::read_log(Index from, std::uint64_t bytes) const {
  return result_of<host::LogPart>([&](auto reply) { read_log(from, bytes, std::move(reply)); });
}

void Group::tune(host::GroupOptions options, env::Done<Result<void>> reply) const {
  desk_->at([id = id_, options = std::move(options),
             reply = std::move(reply)](host::Shard* shard) mutable {
    if (shard == nullptr) return reply(std::unexpected(not_here));
    reply(shard->tune(id, std::move(options)));
  });
}

std::future<Result<void>> Group::tune(host::GroupOptions options) const {
  return result_of<void>([&](auto reply) { tune(std::move(options), std::move(reply)); });
}

// ---- what it looks like

std::future<GroupStatus> Group::status() const {
  GroupStatus of_none;
  of_none.group = id_;
  Promise<GroupStatus> promise(std::move(of_none));
  auto future = promise.future();
  desk_->at([id = id_, reply = std::move(promise)](host::Shard* shard) mutable {
    if (shard != nullptr) reply(status_of(*shard, id));
  });
  return future;
}

std::future<std::string> Group::explain() const {
  Promise<std::string> promise(not_here.what + "\n");
  auto future = promise.future();
  desk_->at([id = id_, reply = std::move(promise)](host::Shard* shard) mutable {
    const host::Replica* const replica = shard == nullptr ? nullptr : shard->find(id);
    if (replica != nullptr) reply(bowline::explain(evidence_of(*shard, *replica)));
  });
  return future;
}

}  // namespace bowline

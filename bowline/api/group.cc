// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/group.h"

#include <algorithm>
#include <utility>

#include "bowline/api/portable.h"
#include "bowline/api/promise.h"

namespace bowline {
namespace {

const Refused gone{raft::Refusal::stopped, {}};
const Error not_here{Fault::not_found, "the group is not on this node"};

std::future<Outcome> operate(Desk& desk, GroupId id,
                             std::move_only_function<void(host::Replica&, host::Reply)> what) {
  Promise<Outcome> promise(Unknown{});
  auto future = promise.future();
  desk.with(id,
            [what = std::move(what), reply = std::move(promise)](host::Replica* replica) mutable {
              if (replica == nullptr) return reply(gone);
              what(*replica, std::move(reply));
            });
  return future;
}

}  // namespace

void Group::propose(std::string command, host::Reply reply) const {
  propose(std::move(command), {}, std::move(reply));
}

void Group::propose(std::string command, Term expected, host::Reply reply) const {
  desk_->with(id_, [command = Bytes::own(std::move(command)), expected,
                    reply = std::move(reply)](host::Replica* replica) mutable {
    if (replica == nullptr) return reply(gone);
    replica->propose(std::move(command), expected, std::move(reply));
  });
}

std::future<Outcome> Group::propose(std::string command, Term expected) const {
  Promise<Outcome> promise(Unknown{});
  auto future = promise.future();
  propose(std::move(command), expected, std::move(promise));
  return future;
}

void Group::read(raft::ReadKind kind, host::ReadReply reply) const {
  desk_->with(id_, [kind, reply = std::move(reply)](host::Replica* replica) mutable {
    if (replica == nullptr) return reply(gone);
    replica->read(kind, std::move(reply));
  });
}

std::future<ReadOutcome> Group::read(raft::ReadKind kind) const {
  Promise<ReadOutcome> promise(gone);
  auto future = promise.future();
  read(kind, std::move(promise));
  return future;
}

void Group::read_within(Duration at_most, host::ReadReply reply) const {
  desk_->with(id_, [at_most, reply = std::move(reply)](host::Replica* replica) mutable {
    if (replica == nullptr) return reply(gone);
    replica->read_within(at_most, std::move(reply));
  });
}

std::future<ReadOutcome> Group::read_within(Duration at_most) const {
  Promise<ReadOutcome> promise(gone);
  auto future = promise.future();
  read_within(at_most, std::move(promise));
  return future;
}

std::future<ReadOutcome> Group::verify() const { return read(raft::ReadKind::verify); }

std::future<Outcome> Group::barrier() const {
  return operate(*desk_, id_, [](host::Replica& replica, host::Reply reply) {
    replica.barrier(std::move(reply));
  });
}

std::future<Outcome> Group::reconfigure(std::vector<raft::Wanted> wanted,
                                        std::optional<Index> expected) const {
  return operate(
      *desk_, id_,
      [wanted = std::move(wanted), expected](host::Replica& replica, host::Reply reply) mutable {
        replica.reconfigure(std::move(wanted), expected, std::move(reply));
      });
}

std::future<Outcome> Group::change_members(Change change) const {
  return operate(*desk_, id_,
                 [change = std::move(change)](host::Replica& replica, host::Reply reply) {
                   const raft::Config& config = replica.core().memberships().latest();
                   std::vector<raft::Wanted> wanted;
                   for (const raft::Member& member : config.membership->members)
                     wanted.push_back({member.id, member.goal, member.priority,
                                       std::string(member.address.view()),
                                       std::string(member.metadata.view())});
                   if (!change(wanted))
                     return reply(Refused{raft::Refusal::bad_target, replica.core().leader()});
                   replica.reconfigure(std::move(wanted), config.at, std::move(reply));
                 });
}

std::future<Outcome> Group::put_member(raft::Wanted one) const {
  return change_members([one = std::move(one)](std::vector<raft::Wanted>& all) {
    std::erase_if(all, [&](const raft::Wanted& each) { return each.id == one.id; });
    all.push_back(one);
    return true;
  });
}

std::future<Outcome> Group::remove_member(NodeId id) const {
  return change_members([id](std::vector<raft::Wanted>& all) {
    return std::erase_if(all, [id](const raft::Wanted& each) { return each.id == id; }) > 0;
  });
}

std::future<Outcome> Group::set_standing(NodeId id, raft::Standing standing) const {
  return change_members([id, standing](std::vector<raft::Wanted>& all) {
    const auto found = std::ranges::find(all, id, &raft::Wanted::id);
    if (found != all.end()) found->standing = standing;
    return found != all.end();
  });
}

std::future<Outcome> Group::cancel_change() const {
  return operate(*desk_, id_, [](host::Replica& replica, host::Reply reply) {
    replica.cancel_change(std::move(reply));
  });
}

std::future<Outcome> Group::recover(ClusterId anew) const {
  return operate(*desk_, id_, [anew](host::Replica& replica, host::Reply reply) {
    replica.recover(anew, std::move(reply));
  });
}

std::future<Outcome> Group::transfer(NodeId to) const {
  return operate(*desk_, id_, [to](host::Replica& replica, host::Reply reply) {
    replica.transfer(to, std::move(reply));
  });
}

std::future<Result<raft::Base>> Group::snapshot() const {
  Promise<Result<raft::Base>> promise(std::unexpected{not_here});
  auto future = promise.future();
  desk_->with(id_, [reply = std::move(promise)](host::Replica* replica) mutable {
    if (replica == nullptr) return reply(std::unexpected(not_here));
    replica->take_snapshot(std::move(reply));
  });
  return future;
}

// One that cannot be made, since there is nothing new, is no failure: then the newest is there. If
// the group has ended meanwhile, it is one.
std::future<Result<raft::Base>> Group::export_snapshot(std::string path) const {
  Promise<Result<raft::Base>> promise(std::unexpected{not_here});
  auto future = promise.future();
  desk_->at(
      [id = id_, path = std::move(path), reply = std::move(promise)](host::Shard* shard) mutable {
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
  return future;
}

std::future<Result<host::LogPart>> Group::read_log(Index from, std::uint64_t bytes) const {
  Promise<Result<host::LogPart>> promise(std::unexpected{not_here});
  auto future = promise.future();
  desk_->with(id_, [from, bytes, promise = std::move(promise)](host::Replica* replica) mutable {
    if (replica == nullptr) return;
    replica->read_log(from, bytes, std::move(promise));
  });
  return future;
}

std::future<Result<void>> Group::tune(host::GroupOptions options) const {
  Promise<Result<void>> promise(std::unexpected{not_here});
  auto future = promise.future();
  desk_->at([id = id_, options = std::move(options),
             reply = std::move(promise)](host::Shard* shard) mutable {
    if (shard != nullptr) reply(shard->tune(id, std::move(options)));
  });
  return future;
}

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

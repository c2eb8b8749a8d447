// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/group.h"

#include <utility>

namespace bowline {
namespace {

const Refused gone{raft::Refusal::stopped, {}};

// A promise, and the reply that keeps it.
template <class What>
std::pair<std::future<What>, env::Done<What>> future_of() {
  std::promise<What> promise;
  std::future<What> future = promise.get_future();
  return {std::move(future), [promise = std::move(promise)](What what) mutable {
            promise.set_value(std::move(what));
          }};
}

}  // namespace

void Group::propose(std::string command, host::Reply reply) const {
  desk_->with(id_, [command = Bytes::own(std::move(command)),
                    reply = std::move(reply)](host::Replica* replica) mutable {
    if (replica == nullptr) return reply(gone);
    replica->propose(std::move(command), std::move(reply));
  });
}

std::future<Outcome> Group::propose(std::string command) const {
  auto [future, keeps] = future_of<Outcome>();
  propose(std::move(command), std::move(keeps));
  return std::move(future);
}

void Group::read(raft::ReadKind kind, host::ReadReply reply) const {
  desk_->with(id_, [kind, reply = std::move(reply)](host::Replica* replica) mutable {
    if (replica == nullptr) return reply(gone);
    replica->read(kind, std::move(reply));
  });
}

std::future<ReadOutcome> Group::read(raft::ReadKind kind) const {
  auto [future, keeps] = future_of<ReadOutcome>();
  read(kind, std::move(keeps));
  return std::move(future);
}

std::future<Outcome> Group::barrier() const {
  auto [future, keeps] = future_of<Outcome>();
  desk_->with(id_, [reply = std::move(keeps)](host::Replica* replica) mutable {
    if (replica == nullptr) return reply(gone);
    replica->barrier(std::move(reply));
  });
  return std::move(future);
}

std::future<Outcome> Group::reconfigure(std::vector<raft::Wanted> wanted,
                                        std::optional<Index> expected) const {
  auto [future, keeps] = future_of<Outcome>();
  desk_->with(id_, [wanted = std::move(wanted), expected,
                    reply = std::move(keeps)](host::Replica* replica) mutable {
    if (replica == nullptr) return reply(gone);
    replica->reconfigure(std::move(wanted), expected, std::move(reply));
  });
  return std::move(future);
}

std::future<Outcome> Group::transfer(NodeId to) const {
  auto [future, keeps] = future_of<Outcome>();
  desk_->with(id_, [to, reply = std::move(keeps)](host::Replica* replica) mutable {
    if (replica == nullptr) return reply(gone);
    replica->transfer(to, std::move(reply));
  });
  return std::move(future);
}

std::future<Result<raft::Base>> Group::snapshot() const {
  auto [future, keeps] = future_of<Result<raft::Base>>();
  desk_->with(id_, [reply = std::move(keeps)](host::Replica* replica) mutable {
    if (replica == nullptr)
      return reply(std::unexpected(Error{Fault::not_found, "the group is not on this node"}));
    replica->take_snapshot(std::move(reply));
  });
  return std::move(future);
}

std::future<GroupStatus> Group::status() const {
  auto [future, keeps] = future_of<GroupStatus>();
  desk_->with(id_, [reply = std::move(keeps)](host::Replica* replica) mutable {
    GroupStatus status;
    if (replica == nullptr) return reply(status);
    const raft::Core& core = replica->core();
    status.role = core.role();
    status.term = core.term();
    status.leader = core.leader();
    status.commit = core.commit();
    status.applied = replica->applied();
    status.last = core.outline().last();
    if (const auto& members = core.memberships().latest().membership) status.members = *members;
    reply(std::move(status));
  });
  return std::move(future);
}

}  // namespace bowline

// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/status.h"

#include <algorithm>
#include <utility>

#include "bowline/wal/log.h"

namespace bowline {
namespace {

PeerStatus status_of(const host::Shard& shard, const raft::Progress& progress,
                     const raft::Membership& members, const raft::Options& options) {
  PeerStatus peer;
  peer.id = progress.id();
  peer.voter = members.votes(progress.id());
  peer.match = progress.match();
  peer.next = progress.next();
  peer.mode = progress.mode();
  peer.paused = progress.mode() == raft::Progress::Mode::streaming &&
                !progress.may_send({options.inflight_messages, options.inflight_bytes});
  peer.full = progress.full();
  peer.caught_up = progress.caught_up();
  peer.in_flight = progress.in_flight_messages();
  peer.in_flight_bytes = progress.in_flight_bytes();
  if (progress.heard() != Time{}) peer.silent = shard.now() - progress.heard();
  peer.up = shard.links().up(progress.id());
  peer.queued_bytes = shard.links().queued(progress.id());
  return peer;
}

LogStatus log_of(const host::Shard& shard) {
  const wal::LogStore& log = shard.log();
  LogStatus status;
  status.bytes = log.bytes();
  if (const wal::Log* const files = log.on_disk()) {
    status.segments = files->segments();
    status.retired = files->retired();
    status.recycled = files->recycled();
    status.copied = files->copied();
    status.scrubbed = files->scrubbed();
  }
  status.full = shard.full();
  if (const std::optional<Time> since = log.busy_since()) status.busy = shard.now() - *since;
  status.stalled = shard.stalled();
  return status;
}

}  // namespace

GroupStatus status_of(const host::Shard& shard, const host::Replica& replica) {
  const raft::Core& core = replica.core();
  GroupStatus status;
  status.group = replica.group();
  status.here = true;
  status.role = core.role();
  status.term = core.term();
  status.leader = core.leader();
  if (status.leader && status.leader != core.self())
    status.leader_silent = shard.now() - replica.heard_leader();
  status.commit = core.commit();
  status.applied = replica.applied();
  status.base = core.outline().base();
  status.last = core.outline().last();
  status.durable = core.outline().durable();
  status.snapshot = replica.snapshot();
  const raft::Config& config = core.memberships().latest();
  if (config.membership != nullptr) status.members = *config.membership;
  status.members_at = config.at;
  status.change_pending = config.at > core.commit() || !status.members.settled();
  status.damaged = core.damage().any();
  status.stateless = replica.is_stateless();
  status.stopped = core.stopped();
  if (const host::MachineThrew* const failure = replica.failure()) {
    status.stopped = true;
    status.failure = text(*failure);
    status.role = raft::Role::follower;  // what the core says of itself is over
    status.leader = {};
    status.leader_silent = {};
    return status;
  }
  status.disk_stalled = core.stalled();
  status.heir = core.heir();
  status.drops = core.drops();
  for (const raft::Progress& progress : core.peers())
    status.peers.push_back(status_of(shard, progress, status.members, *replica.options().raft));
  status.fetching = shard.transfers().progress(replica.group());
  status.taking = shard.snapshots().taking(replica.group());
  status.loading = shard.snapshots().loading(replica.group());
  return status;
}

GroupStatus status_of(const host::Shard& shard, GroupId group) {
  if (const host::Replica* const replica = shard.find(group)) return status_of(shard, *replica);
  GroupStatus status;
  status.group = group;
  status.starting = std::ranges::count(shard.starting(), group) > 0;
  if (status.starting) status.loading = shard.snapshots().loading(group);
  return status;
}

NodeStatus status_of(const host::Shard& shard) {
  NodeStatus status;
  status.id = shard.options().self;
  status.name = shard.options().name;
  for (const GroupId group : shard.ids()) {
    const host::Replica& replica = *shard.find(group);
    const raft::Core& core = replica.core();
    const bool failed = replica.failure() != nullptr;
    ++status.groups;
    if (core.role() == raft::Role::leader && !failed) ++status.leads;
    if (!core.leader() || failed) ++status.leaderless;
  }
  status.log = log_of(shard);
  const host::Links& links = shard.links();
  for (const NodeId peer : links.peers()) {
    const std::string* const address = links.address_of(peer);
    const wire::Way* const way = links.way_to(peer);
    status.links.push_back({peer, address == nullptr ? "" : *address, way != nullptr,
                            links.queued(peer), way == nullptr ? wire::Version{} : way->version});
  }
  for (const auto& [to, bytes] : shard.transfers().given()) status.giving.push_back({to, bytes});
  status.counters = shard.meters().counters;
  status.sent = shard.courier().sent();
  status.backlog_bytes = shard.backlog().bytes();
  status.backlog_refused = shard.backlog().refused();
  status.letters_lost = shard.courier().lost();
  status.stages = std::make_shared<const host::Stages>(shard.meters().stages);
  return status;
}

Evidence evidence_of(const host::Shard& shard, const host::Replica& replica) {
  Evidence evidence;
  evidence.self = replica.core().self();
  evidence.status = status_of(shard, replica);
  evidence.leading = replica.core().why_not_leading();
  const Index oldest = replica.core().commit().next();
  if (oldest <= replica.core().outline().last().index)
    evidence.oldest = replica.core().why_not_committed(oldest);
  evidence.disk_full = shard.full();
  if (const std::optional<Time> since = shard.log().busy_since())
    evidence.disk_busy = shard.now() - *since;
  for (const NodeId peer : shard.links().peers())
    if (shard.links().up(peer)) evidence.up.push_back(peer);
  return evidence;
}

}  // namespace bowline

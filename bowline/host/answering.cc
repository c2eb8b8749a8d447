// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/answering.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "bowline/host/balance.h"

namespace bowline::host {
namespace {

using raft::Refusal;
using wire::Answered;
using wire::Declined;
using wire::Why;
using Told = env::Done<Answered>;

std::string the_node(NodeId id) { return "node " + std::to_string(id.value); }

Declined not_here(const Shard& shard, GroupId group) {
  return {Why::not_here,
          the_node(shard.options().self) + " has no group " + std::to_string(group.value),
          {},
          {}};
}

Why why_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::not_leader: return Why::not_leader;
    case Refusal::outdated: return Why::outdated;
    case Refusal::transferring:
    case Refusal::full:
    case Refusal::not_ready:
    case Refusal::change_pending:
    case Refusal::timed_out:
    case Refusal::too_old:
    case Refusal::lost_leadership: return Why::later;
    case Refusal::too_large:
    case Refusal::wrong_term:
    case Refusal::no_change:
    case Refusal::bad_members:
    case Refusal::bad_target:
    case Refusal::stopped:
    case Refusal::no_member: return Why::never;
  }
  std::unreachable();
}

// An operator asks many nodes: it has to hear which one does not lead.
std::string sentence_of(const Refused& refused, NodeId self) {
  if (refused.why != Refusal::not_leader) return text(refused);
  return the_node(self) + " does not lead the group" +
         (refused.leader ? ": " + the_node(refused.leader) + " does"
                         : ", and knows of nobody who does");
}

// So that whoever asked need not look for it.
std::string address_of(const Shard& shard, GroupId group, NodeId id) {
  const Replica* const replica = shard.find(group);
  const raft::Member* member = nullptr;
  if (replica != nullptr && id) {
    const raft::MembershipPtr& members = replica->core().memberships().latest().membership;
    if (members != nullptr) member = members->find(id);
  }
  return member == nullptr ? "" : std::string(member->address.view());
}

// Lives as long as the shard, in which the replica is that calls back.
Reply reply_with(Shard& shard, GroupId group, Told told) {
  return [&shard, group, told = std::move(told)](const Outcome& outcome) mutable {
    if (const auto* done = std::get_if<Applied>(&outcome)) return told(wire::Done{done->id});
    if (const auto* refused = std::get_if<Refused>(&outcome))
      return told(Declined{why_of(refused->why), sentence_of(*refused, shard.options().self),
                           refused->leader, address_of(shard, group, refused->leader)});
    if (std::holds_alternative<Overruled>(outcome))
      return told(Declined{Why::later, text(outcome), {}, {}});
    told(wire::Unsure{text(outcome)});
  };
}

wire::PeerReport report_of(const Shard& shard, const raft::Progress& progress) {
  wire::PeerReport peer{.id = progress.id(),
                        .match = progress.match(),
                        .mode = progress.mode(),
                        .up = shard.links().up(progress.id()),
                        .caught_up = progress.caught_up(),
                        .silent = {}};
  if (progress.heard() != Time{})
    peer.silent = std::max(Duration{0}, shard.now() - progress.heard());
  return peer;
}

wire::GroupReport report_of(const Shard& shard, const Replica& replica) {
  const raft::Core& core = replica.core();
  const raft::Config& config = core.memberships().latest();
  wire::GroupReport report;
  report.group = replica.group();
  report.node = core.self();
  report.role = core.role();
  report.term = core.term();
  report.leader = core.leader();
  report.commit = core.commit();
  report.applied = replica.applied();
  report.last = core.outline().last();
  report.base = core.outline().base();
  report.snapshot = replica.snapshot();
  report.members_at = config.at;
  if (config.membership != nullptr) report.members = *config.membership;
  report.change_pending = config.at > core.commit() || !report.members.settled();
  report.asleep = core.asleep();
  report.damaged = core.damage().any();
  report.stateless = replica.is_stateless();
  report.stopped = core.stopped() || replica.failure() != nullptr;
  if (replica.failure() != nullptr) {  // what the core says of itself is over
    report.role = raft::Role::follower;
    report.leader = {};
    return report;
  }
  for (const raft::Progress& progress : core.peers())
    report.peers.push_back(report_of(shard, progress));
  return report;
}

wire::NodeReport report_of(const Shard& shard, GroupId after, std::size_t most) {
  const auto missing = [&shard](NodeId id) { return shard.missing(id); };
  wire::NodeReport report;
  report.id = shard.options().self;
  report.name = shard.options().name;
  report.newest_version = shard.options().newest_version;
  for (const NodeId peer : shard.links().peers()) {
    const std::string* const address = shard.links().address_of(peer);
    const wire::Way* const way = shard.links().way_to(peer);
    report.links.push_back({peer, address == nullptr ? "" : *address,
                            way == nullptr ? wire::Version{} : way->version});
  }
  for (const GroupId group : shard.ids()) {
    const raft::Core& core = shard.find(group)->core();
    ++report.groups;
    if (core.role() == raft::Role::leader) ++report.leads;
    if (group <= after) continue;
    report.more = report.lines.size() == most;
    if (report.more) continue;
    wire::GroupLine line{group, core.role(), core.leader(), {}};
    if (line.role == raft::Role::leader) line.takers = takers(core, report.id, missing);
    report.lines.push_back(std::move(line));
  }
  return report;
}

// ---- each of them, where the group is here

void perform(Shard& shard, Replica& replica, const wire::AskGroup&, Told told) {
  told(report_of(shard, replica));
}

void perform(Shard& shard, Replica& replica, wire::AskMembers& ask, Told told) {
  replica.reconfigure(std::move(ask.wanted), ask.expected,
                      reply_with(shard, ask.group, std::move(told)));
}

void perform(Shard& shard, Replica& replica, const wire::AskCancel& ask, Told told) {
  replica.cancel_change(reply_with(shard, ask.group, std::move(told)));
}

void perform(Shard& shard, Replica& replica, const wire::AskTransfer& ask, Told told) {
  replica.transfer(ask.to, reply_with(shard, ask.group, std::move(told)));
}

void perform(Shard&, Replica& replica, const wire::AskSnapshot&, Told told) {
  replica.take_snapshot([told = std::move(told)](const Result<raft::Base>& base) mutable {
    if (base) return told(wire::Done{base->id});
    told(Declined{
        base.error().fault == Fault::exists ? Why::later : Why::never, base.error().what, {}, {}});
  });
}

void perform(Shard& shard, Replica& replica, const wire::AskRecover& ask, Told told) {
  replica.recover(ask.anew, reply_with(shard, ask.group, std::move(told)));
}

// ---- whether it runs here or not

// This life of the node, and no other one that had its id. If it does not run, nobody knows.
bool may_be_member(const Replica* replica) {
  if (replica == nullptr) return true;
  const raft::MembershipPtr& members = replica->core().memberships().latest().membership;
  const raft::Member* const self =
      members == nullptr ? nullptr : members->find(replica->core().self());
  return self != nullptr &&
         (!self->incarnation || self->incarnation == replica->core().incarnation());
}

std::string why_not_destroy(const Shard& shard, const wire::AskDestroy& ask) {
  const std::string self = the_node(shard.options().self);
  if (!shard.options().operators.may_destroy)
    return self +
           " lets nobody destroy a group from elsewhere: its program has to bear that, and to "
           "allow it in its options, operators.may_destroy";
  const Replica* const replica = shard.find(ask.group);
  if (ask.even_a_member || !may_be_member(replica)) return {};
  return self +
         (replica == nullptr
              ? " does not run the group, and so does not know whether it is a member still"
              : " is a member still") +
         ": remove it first, or destroy the group on all of its members";
}

void destroy(Shard& shard, const wire::AskDestroy& ask, Told told) {
  if (!shard.has(ask.group)) return told(not_here(shard, ask.group));
  if (std::string why = why_not_destroy(shard, ask); !why.empty())
    return told(Declined{Why::never, std::move(why), {}, {}});
  shard.destroy(ask.group, [told = std::move(told)](const Result<void>& done) mutable {
    if (done) return told(wire::Done{});
    told(wire::Unsure{"not all of it is gone, or that is not known: " + done.error().what +
                      ". Ask once more"});
  });
}

}  // namespace

void answer(Shard& shard, wire::Asked what, env::Done<wire::Answered> told) {
  const auto with = [&](auto& ask) {
    if constexpr (std::is_same_v<std::decay_t<decltype(ask)>, wire::AskNode>) {
      told(report_of(shard, ask.after, std::max<std::uint32_t>(1, ask.most_groups)));
    } else if constexpr (std::is_same_v<std::decay_t<decltype(ask)>, wire::AskDestroy>) {
      destroy(shard, ask, std::move(told));
    } else {
      Replica* const replica = shard.find(ask.group);
      if (replica == nullptr) return told(not_here(shard, ask.group));
      perform(shard, *replica, ask, std::move(told));
    }
  };
  std::visit(with, what);
}

}  // namespace bowline::host

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>

#include "bowline/host/answering.h"
#include "bowline/host/balance.h"
#include "bowline/host/shard.h"

// What the groups of a node hear of other nodes: which are gone, which are back, and which of them
// could lead in place of this one.
namespace bowline::host {
namespace {

// Is it a member as things are committed here, or will be?
bool is_member(const raft::Memberships& all, Index commit, NodeId peer) {
  const auto names = [peer](const raft::Config& config) {
    return config.membership != nullptr && config.membership->find(peer) != nullptr;
  };
  return names(all.at(commit)) || std::ranges::any_of(all.from(commit.next()), names);
}

bool leads(const raft::Core& core) { return core.role() == raft::Role::leader; }

constexpr std::size_t told_at_once = 1024;  // groups in one turn, of a node that came or went

}  // namespace

void Shard::know(const raft::Membership& membership) {
  for (const raft::Member& member : membership.members) {
    links_->know(member.id, std::string(member.address.view()));
    if (member.id != options_.self) detector_->watch(member.id);
  }
}

// A member of any of them, as things are committed here, or will be. A group that does not know its
// members may be called by any.
bool Shard::needs(NodeId peer) const {
  if (!beginning_.empty()) return true;
  const auto names = [peer](const raft::Config& config) {
    const raft::Membership* const members = config.membership.get();
    return members == nullptr || members->members.empty() || members->find(peer) != nullptr;
  };
  return std::ranges::any_of(replicas_, [&](const auto& entry) {
    const raft::Core& core = entry.second->core();
    const raft::Memberships& all = core.memberships();
    return names(all.at(core.commit())) ||
           std::ranges::any_of(all.from(core.commit().next()), names);
  });
}

// Ten thousand groups that hear of it in one turn would hold up everything else.
template <class Concerned>
void Shard::tell_groups(const raft::Input& what, Concerned concerned) {
  const bool idle = telling_.empty();
  for (const auto& [group, replica] : replicas_)
    if (concerned(replica->core())) telling_.emplace_back(group, what);
  if (idle && !telling_.empty()) go_on_telling();
}

void Shard::go_on_telling() {
  for (std::size_t told = 0; told < told_at_once && !telling_.empty(); ++told) {
    const auto [group, what] = std::move(telling_.front());
    telling_.pop_front();
    if (Replica* const replica = find(group)) replica->input(what);
  }
  if (!telling_.empty()) env_.loop.soon(life_.guard([this] { go_on_telling(); }));
}

// Its process is gone. Whoever follows it looks for another leader; whoever leads need not wait for
// it to agree to sleep.
void Shard::lost(NodeId peer) {
  detector_->lost(peer);
  tell_groups(raft::Suspect{peer}, [peer](const raft::Core& core) {
    return core.leader() == peer || (core.role() == raft::Role::leader && core.hibernates());
  });
}

// Those who are awake have timeouts of their own.
void Shard::silent(NodeId peer) {
  tell_groups(raft::Suspect{peer}, [peer](const raft::Core& core) {
    return (core.asleep() && core.leader() == peer) ||
           (core.role() == raft::Role::leader && core.hibernates());
  });
}

void Shard::met(NodeId peer) {
  if (detector_->missing(peer)) return detector_->heard(peer);  // which says so
  contact(peer);
}

void Shard::contact(NodeId peer) {
  tell_groups(raft::Contact{peer}, [peer](const raft::Core& core) {
    return (core.asleep() && core.leader() == peer) ||
           (core.role() == raft::Role::leader && core.hibernates());
  });
}

void Shard::pulse(NodeId peer) {
  if (broken_ || courier_->spoke(peer) || !links_->up(peer) || says_no_pulse(peer)) return;
  std::string frame = wire::begin_frame(wire::FrameKind::pulse);
  wire::end_frame(frame);
  links_->send(peer, std::move(frame));
}

// A node that is older, or goes back: what it may have to say comes, what it does not say is no
// sign.
bool Shard::says_no_pulse(NodeId peer) const {
  const wire::Way* const way = links_->way_to(peer);
  return way != nullptr && way->version < wire::pulse_since;
}

bool Shard::missing(NodeId id) const {
  return id != options_.self && (detector_->missing(id) || !links_->up(id));
}

void Shard::balance() {
  env_.loop.set(balance_timer_, env_.clock.now() + options_.balance_every);
  if (broken_ || full_) return;
  Balance balance(options_.self, [this](NodeId id) { return missing(id); });
  for (const auto& [group, replica] : replicas_)
    if (replica->failure() == nullptr) balance.count(group, replica->core());
  for (const Balance::Move& move : balance.moves(options_.balance_at_once))
    find(move.group)->transfer(move.to, [](const Outcome&) {});
}

// It leads from now on, and was not told before it did.
void Shard::suspect_the_missing(Replica& replica) {
  if (!replica.core().hibernates()) return;
  for (const raft::Member& member : replica.core().memberships().latest().membership->members)
    if (detector_->missing(member.id)) replica.input(raft::Suspect{member.id});
}

// Whoever connects for another purpose than letters.
void Shard::other(std::unique_ptr<Link> link) {
  if (link->there().purpose == wire::Purpose::admin) return operators_->serve(std::move(link));
  transfers_->serve(std::move(link));
}

Transfers::Hooks Shard::transfer_hooks() {
  return {.given = [this](NodeId to, const std::set<GroupId>& groups) { given(to, groups); },
          .why_not = [this](NodeId to, GroupId group) { return may_not_have(to, group); }};
}

// The state of a group is for its members, also for those that are just being added. Another node
// of the cluster has nothing to do with it.
std::string Shard::may_not_have(NodeId peer, GroupId group) const {
  const Replica* const replica = find(group);
  if (replica == nullptr) return "the group does not run here";
  const raft::Core& core = replica->core();
  if (is_member(core.memberships(), core.commit(), peer)) return {};
  return "node " + std::to_string(peer.value) + " is no member of the group, as far as node " +
         std::to_string(options_.self.value) + " knows";
}

Operators::Hooks Shard::operator_hooks() {
  return {.ask =
              [this](const std::string& who, wire::Asked what, env::Done<wire::Answered> done) {
                if (broken_) return done(wire::Unsure{"the disk of this node has failed"});
                if (wire::changes_something(what)) tell(group_of(what), Asked{who, text(what)});
                answer(*this, std::move(what), std::move(done));
              },
          .told =
              [this](const std::string& who, const std::string& why) {
                if (hooks_.told) hooks_.told(who, why);
              }};
}

Errands::Network Shard::errand_network() {
  return {.reaches =
              [this](NodeId peer) {
                const wire::Way* const way = links_->way_to(peer);
                return way != nullptr && way->version >= wire::errands_since;
              },
          .queued = [this](NodeId peer) { return links_->queued(peer); },
          .send = [this](NodeId peer, std::string frame) { links_->send(peer, std::move(frame)); }};
}

void Shard::unreachable(NodeId peer) {
  if (links_->up(peer)) contact(peer);  // over the other connection
  tell_groups(raft::Unreachable{peer}, leads);
}

// A leader may offer it a snapshot again, if it needs one still.
void Shard::given(NodeId to, const std::set<GroupId>& groups) {
  for (const GroupId group : groups)
    if (Replica* const replica = find(group); replica != nullptr && leads(replica->core()))
      replica->input(raft::SnapshotEnded{to});
}

}  // namespace bowline::host

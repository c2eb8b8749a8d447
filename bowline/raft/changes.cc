// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/raft/core.h"
#include "bowline/raft/membership_codec.h"
#include "bowline/raft/membership_pool.h"

// A change of the membership is a chain of entries, each in force when it is appended:
//
//   staged     who is to join learns, who is to leave stays; the goals are written down
//   joined     both the old and the new voters decide (dissertation 4.3)
//   concluded  the new ones decide alone
//
// One step is taken when the one before is committed. The goals are in the log, so that whoever
// leads next goes on; cancelling appends the way back.
namespace bowline::raft {

void Core::on(Reconfigure& in) {
  if (const Refusal why = may_propose({}); why != Refusal::full) return refuse(in.ticket, why);
  Leader& l = *leader_role();
  const Config& config = memberships_.latest();
  // Before our own first commit, an older change may still be overruled by this one: two disjoint
  // quorums (Ongaro's correction of 2015).
  if (commit_ < l.first && !planted(Bug::p28_changes_members_before_own_commit))
    return refuse(in.ticket, Refusal::not_ready);
  const bool pending = config.at > commit_ || !membership().settled();
  if (pending && !planted(Bug::p29_second_change_while_one_pending) &&
      !planted(Bug::p28_changes_members_before_own_commit))
    return refuse(in.ticket, Refusal::change_pending);
  if (in.expected && *in.expected != config.at) return refuse(in.ticket, Refusal::outdated);
  if (!sane(in.wanted)) return refuse(in.ticket, Refusal::bad_members);
  Membership next = staged(membership(), in.wanted);
  if (!sane(next)) return refuse(in.ticket, Refusal::bad_members);
  // What it is written as is an entry like all others. Later stages of the change are not larger.
  if (encode(next).size() > options_->entry_bytes) return refuse(in.ticket, Refusal::too_large);
  if (planted(Bug::p29_second_change_while_one_pending) && pending) next = concluded(next);
  if (l.change) emit(Decided{l.change, Outcome::unknown});
  l.change = in.ticket;
  l.cancelling = false;
  emit(Admitted{in.ticket, {hard_.term, outline_.last().index.next()}});
  propose_membership(std::move(next));
}

void Core::on(CancelChange& in) {
  if (const Refusal why = may_propose({}); why != Refusal::full) return refuse(in.ticket, why);
  Leader& l = *leader_role();
  if (commit_ < l.first) return refuse(in.ticket, Refusal::not_ready);
  if (membership().settled()) return refuse(in.ticket, Refusal::no_change);
  // Also while the joint membership is not committed yet: the way back is decided by the old
  // voters, and they have a majority in every decision before it.
  l.cancelling = true;
  emit(Admitted{in.ticket, {hard_.term, outline_.last().index.next()}});
  propose_membership(cancelled(membership()));
  tickets_.admit(in.ticket, outline_.last());
}

// The voters are gone for good, and an operator says so: this replica goes on alone, with its log
// as it is. What it had not heard of is lost; what was never committed may become so. The new
// cluster id keeps everybody else out.
void Core::on(Recover& in) {
  const bool able = !damage_.any() && !restoring_ && in.cluster &&
                    in.cluster != membership().cluster && hard_.term.value < absurd;
  if (!able) return refuse(in.ticket, Refusal::not_ready);
  follow({});
  who_.cluster = in.cluster;
  set_hard_state({hard_.term.next(), who_.self, who_.incarnation});
  term_leader_ = {};
  owes_vote_ = false;
  Member self{.id = who_.self, .incarnation = who_.incarnation, .address = {}, .metadata = {}};
  if (const Member* known = membership().find(who_.self)) {
    self.address = known->address;
    self.metadata = known->metadata;
  }
  emit(Admitted{in.ticket, {hard_.term, outline_.last().index.next()}});
  Membership alone{.cluster = in.cluster, .members = {std::move(self)}};
  Bytes payload = encode(alone);
  const Index at = append(Kind::membership, std::move(payload));
  take_membership({at, std::make_shared<const Membership>(std::move(alone))});
  tickets_.admit(in.ticket, outline_.last());
  last_id_ = last_id_.next();
  Candidate candidate{.campaign = Round{last_id_.value}, .ballots = {Ballot::none}, .met = {}};
  role_ = Boxed(std::move(candidate));  // settle() makes it lead, once all this is on disk
  emit(RoleChanged{hard_.term, {}, Role::candidate});
  rearm_election();
}

void Core::propose_membership(Membership next) {
  ensure(sane(next));
  Bytes payload = encode(next);
  const Index at = append(Kind::membership, std::move(payload));
  take_membership({at, std::make_shared<const Membership>(std::move(next))});
  if (leader_role()->round) replicate_all();  // else the first heartbeat carries it
}

void Core::take_membership(Config config) {
  if (who_.memberships != nullptr)
    config.membership = who_.memberships->share(std::move(config.membership));
  memberships_.append(config);
  emit(MembershipChanged{std::move(config), false});
  was_member_ = was_member_ || counts_on_us(membership());
  if (leader_role() != nullptr) align_peers();
  if (election_at_ == never) rearm_election();  // we may be a voter now
}

// A log may come from before a forced recovery. Whoever only reads of that time belongs to the
// cluster that it was told of, and the members are those who are named themselves. So does whoever
// lost entries behind its membership: one of them may have brought a newer one. But it may also be
// that we were told a name of before, which then is in our log. Once found out, it stays: we still
// belong to those from whom we part.
void Core::settle_cluster() {
  const Config& newest = memberships_.latest();
  const ClusterId logged = newest.membership->cluster;
  if (!who_.cluster || !logged || logged == who_.cluster) return;
  if (damage_.any() && damage_.stretches().back().last > newest.at) return;
  const bool former = std::ranges::any_of(memberships_.from({}), [this](const Config& config) {
    return config.membership->cluster == who_.cluster;
  });
  if (former || counts_on_us(*newest.membership)) who_.cluster = logged;
}

bool Core::counts_on_us(const Membership& membership) const {
  const Member* self = membership.find(who_.self);
  return self != nullptr && self->incarnation == who_.incarnation;
}

bool Core::names_us(const Membership& membership) const {
  const Member* self = membership.find(who_.self);
  return self != nullptr && (!self->incarnation || self->incarnation == who_.incarnation);
}

void Core::membership_cut(Index keep) {
  if (!memberships_.cut_after(keep)) return;
  emit(MembershipChanged{memberships_.latest(), memberships_.latest().at <= commit_});
  if (election_at_ == never) rearm_election();
}

// The next step of the change in flight, if its time has come.
void Core::pursue_change() {
  Leader& l = *leader_role();
  const bool early = commit_ < l.first && !planted(Bug::p28_changes_members_before_own_commit);
  if (handover_ || early) return;
  const bool committed = memberships_.latest().at <= commit_;
  if (!committed && !planted(Bug::p29_second_change_while_one_pending)) return;
  bind_newcomers();
  if (memberships_.latest().at > commit_ && committed) return;
  const Membership& now = membership();
  if (now.settled()) {
    if (l.change && committed) {
      emit(Decided{l.change, l.cancelling ? Outcome::overruled : Outcome::committed});
      l.change = {};
    }
    if (!now.votes(who_.self) && committed) step_aside();
    return;
  }
  if (now.joint()) return propose_membership(concluded(now));
  if (newcomers_ready()) propose_membership(needs_joint(now) ? joined(now) : concluded(now));
}

// A member's first life that we met is the one that the group will count from now on.
void Core::bind_newcomers() {
  const auto named_already = [](const Member& m) { return bool(m.incarnation); };
  if (std::ranges::all_of(membership().members, named_already)) return;
  Membership named = membership();
  bool changed = false;
  for (const Member& m : membership().members) {
    const Progress* p = m.id == who_.self ? nullptr : peer(m.id);
    const Incarnation met = m.id == who_.self ? who_.incarnation
                            : p != nullptr    ? p->met()
                                              : Incarnation{};
    if (m.incarnation || !met) continue;
    named = bound(named, m.id, met);
    changed = true;
  }
  if (changed) propose_membership(std::move(named));
}

// Who is to vote has caught up first (dissertation 4.2.1), so that the group does not wait for it
// once its vote is needed. And it knows that it is meant: it would not vote else.
bool Core::newcomers_ready() const {
  return std::ranges::all_of(membership().members, [&](const Member& m) {
    if (m.goal != Standing::voter || m.now == Standing::voter || m.id == who_.self) return true;
    const auto& peers = leader_role()->peers;
    const auto p = std::ranges::find(peers, m.id, &Progress::id);
    return m.incarnation && p != peers.end() && p->caught_up() &&
           p->match() >= memberships_.latest().at;
  });
}

// We led until the membership without our vote was committed (dissertation 4.2.2), or until our
// disk failed us. Whoever is best need not wait for a timeout to replace us.
void Core::step_aside() {
  for (const std::span<Progress> group : {std::span<Progress>(leader_role()->peers), leavers()})
    for (Progress& p : group)
      if (p.mode() != Progress::Mode::snapshot && p.told_commit() < commit_) send_empty(p);
  const NodeId heir = best_target();
  const Progress* p = heir ? peer(heir) : nullptr;
  if (p != nullptr && p->match() >= commit_) send(heir, TimeoutNow{});
  follow({});
}

// Said to everybody, once, when known to be committed.
void Core::announce_memberships() {
  if (const Config& newest = memberships_.at(commit_); newest.at > announced_) {
    announced_ = newest.at;
    emit(MembershipChanged{newest, true});
    memberships_.committed(announced_);
  }
  const Config& config = memberships_.at(commit_);
  // A leader that was removed leads until it has stepped aside. Who is new, and still reads of the
  // time before it came, was not removed.
  if (!was_member_ || leader_role() != nullptr || config.at != memberships_.latest().at) return;
  if (names_us(*config.membership)) return;
  if (const Follower* f = follower_role(); f != nullptr && commit_ < f->leader_commit) return;
  was_member_ = false;
  emit(Removed{config.at});
  if (!options_->stop_on_removal) return;
  drop_reads(Refusal::stopped);
  tickets_.give_up(*effects_);
  if (handover_ && handover_->ticket)
    emit(Decided{std::exchange(handover_, {})->ticket, Outcome::unknown});
  stopped_ = true;
}

}  // namespace bowline::raft

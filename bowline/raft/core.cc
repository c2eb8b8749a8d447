// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/core.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/raft/membership_pool.h"

namespace bowline::raft {
namespace {

// What happens without anybody wanting anything of the group, or is looked into before it counts.
template <class... Ins>
struct Quiet {
  template <class In>
  static constexpr bool contains = (std::is_same_v<In, Ins> || ...);
};
template <class In>
constexpr bool stirs = !Quiet<Woken, Received, Persisted, Suspect, Contact, Unreachable, Stalled,
                              Compacted, SnapshotEnded>::contains<In>;

MembershipPtr shared(const Identity& who, MembershipPtr membership) {
  return who.memberships == nullptr ? membership : who.memberships->share(std::move(membership));
}

Base known(const Identity& who, Base base) {
  if (base.membership == nullptr) base.membership = std::make_shared<const Membership>();
  base.membership = shared(who, std::move(base.membership));
  return base;
}

std::vector<Config> known(const Identity& who, std::vector<Config> configs) {
  for (Config& config : configs) config.membership = shared(who, std::move(config.membership));
  return configs;
}

}  // namespace

Core::Core(std::shared_ptr<const Options> options, Identity who, Found found, Time now)
    : options_(std::move(options)),
      who_(who),
      prng_(who.seed),
      memberships_(known(who, found.base), known(who, found.configs)),
      hard_(found.hard_state),
      outline_(found.base.id, found.entries),
      damage_(found.damaged),
      commit_(found.base.id.index),
      released_(commit_),
      announced_(found.base.membership_index),
      role_(Boxed(Follower{})),
      last_id_{prng_.next() >> 2},  // answers to a former life of ours must not fit
      protected_until_(now),
      lease_until_(now),
      now_(now) {
  ensure(options_ != nullptr && options_->fault().empty());
  ensure(who_.self && who_.incarnation);
  if (planted(Bug::p04_vote_forgotten_at_restart)) hard_ = {hard_.term, {}, {}, hard_.blank};
  const bool founded = !found.base.id.index && !membership().members.empty();
  if (!hard_.term && !founded) hard_.blank = true;
  if (const Term newest = std::max(outline_.last().term, found.base.known_in);
      hard_.term < newest) {
    // A snapshot of a newer term became durable before the hard state did. No vote of ours in that
    // term can have left: it would have been on disk first.
    hard_ = {newest, {}, {}, hard_.blank};
    term_from_log_ = true;
  }
  // Our removal may be in the log and not known to be committed: then it is still to be told.
  was_member_ = std::ranges::any_of(
      in_doubt(), [this](const Config& config) { return counts_on_us(*config.membership); });
  missing_ = damage_;
  settle_cluster();
  rearm_election();
  const bool fresh = !hard_.term && outline_.last() == LogId{};
  // Before the crash we may have answered a leader that now counts on our silence.
  if (options_->lease_reads && !fresh && !always_alone() &&
      !planted(Bug::p65_restart_forgets_the_lease))
    lease_until_ = now_ + lease_guard();
  if (alone()) {
    election_at_ = now_;
  } else if (fresh) {
    // A new group has no leader that could be disturbed: no need to wait for a whole timeout.
    hasty_ = options_->hasty_tries;
    election_at_ = now_ + options_->stagger * static_cast<std::int64_t>(rank() + 1);
  }
  if (damage_.any()) repair().next = now_;
  settle_deadline();
}

void Core::step(Time now, Input&& input, Effects& effects) {
  ensure(effects_ == nullptr);  // a step never re-enters
  ensure(effects.empty());      // nor runs before its last effects are performed
  ensure(now >= now_);
  now_ = now;
  effects_ = &effects;
  if (stopped_) {
    refuse_all(input);
  } else {
    if (std::exchange(term_from_log_, false)) draft().hard_state = hard_;
    std::visit(
        [this](auto& in) {
          if constexpr (stirs<std::remove_reference_t<decltype(in)>>) stir();
          on(in);  // one per input, beside its concern
        },
        input);
    settle();
    check();
  }
  effects_ = nullptr;
}

Role Core::role() const {
  if (leader_role() != nullptr) return Role::leader;
  return candidate_role() != nullptr ? Role::candidate : Role::follower;
}

NodeId Core::leader() const {
  if (leader_role() != nullptr) return who_.self;
  if (const Follower* f = follower_role()) return f->leader;
  return {};
}

std::span<const Progress> Core::peers() const {
  const Leader* l = leader_role();
  return l != nullptr ? std::span<const Progress>(l->peers) : std::span<const Progress>();
}

Base Core::base_at(Index index) const {
  const std::optional<Term> term = outline_.term_at(index);
  ensure(index && term.has_value());
  const Config& config = memberships_.at(
      planted(Bug::p18_snapshot_without_membership) ? outline_.base().index : index);
  const Term of = planted(Bug::p19_snapshot_with_current_term) ? hard_.term : *term;
  return {{of, index}, config.membership, config.at, hard_.term};
}

const Membership& Core::membership() const {
  if (planted(Bug::p30_membership_taken_when_applied)) return *memberships_.at(commit_).membership;
  return *memberships_.latest().membership;
}

// The last one that we know to be committed, and all after it: any of these may be cut off.
std::span<const Config> Core::in_doubt() const {
  return memberships_.from(memberships_.at(commit_).at);
}

ClusterId Core::cluster() const {
  return who_.cluster ? who_.cluster : memberships_.latest().membership->cluster;
}

bool Core::alone() const {
  return membership().voters() == 1 && !membership().joint() && membership().votes(who_.self);
}

// By every membership that may still be the one that counts.
bool Core::always_alone() const {
  return std::ranges::all_of(in_doubt(), [this](const Config& c) {
    return c.membership->voters() == 1 && !c.membership->joint() && c.membership->votes(who_.self);
  });
}

Index Core::ackable() const {
  if (!damage_.any()) return outline_.durable();
  return std::min(outline_.durable(), damage_.first().prev());
}

Duration Core::lease_guard() const {
  return options_->election * (1000 + options_->drift_permille) / 1000;
}

void Core::on(Woken&) {
  if (now_ < deadline_) return;  // moved since the host set its timer
  expire_reads();
  if (leader_role() == nullptr) settle_handover({});
  if (now_ >= tickets_until_) {
    tickets_.give_up(*effects_);
    tickets_until_ = never;
  }
  if (leader_role() != nullptr) return leader_woken();
  if (missing_.any() && now_ >= repair().next) ask_for_lost_entries();
  if (now_ >= election_at_) election_due();
}

void Core::on(Persisted& in) {
  ensure(in.seq <= last_write_);
  persisted_ = std::max(persisted_, in.seq);
  outline_.persisted(in.seq);
  mended();
}

// A handler only changes state. What follows from the state is emitted here, in one place, so that
// there is no queue of answers to forget, leak or reorder.
void Core::settle() {
  if (!stopped_) {
    settle_cluster();
    settle_votes();
    if (leader_role() != nullptr) {
      advance_commit();
      pursue_change();
    }
    if (leader_role() != nullptr) {
      serve_reads();
      tell_commits();
    }
  }
  settle_write();
  if (!stopped_) {
    settle_answer();
    settle_commit();
  }
  settle_deadline();
}

// Nothing is asked for and nothing is granted before what it claims is on disk (dissertation 3.8).
// A candidate that forgot its term in a crash could otherwise be elected to it twice.
void Core::settle_votes() {
  if (!hard_state_durable()) return;
  if (owes_vote_) {
    owes_vote_ = false;
    Message grant =
        envelope(hard_.voted_for, VoteReply{.campaign = owed_campaign_, .granted = true});
    grant.to = hard_.voted_incarnation;
    emit(Send{hard_.voted_for, std::move(grant)});
  }
  if (const Candidate* c = candidate_role(); c != nullptr && !c->pre && !c->asked)
    if (outline_.durable() >= outline_.last().index) ask_for_votes();
}

void Core::settle_write() {
  if (!drafted_) return;
  const Persist& write = draft();
  last_write_ = last_write_.next();
  draft().seq = last_write_;
  outline_.submitted(last_write_);
  if (write.hard_state) hard_state_write_ = last_write_;
  for (const Entry& entry : write.repaired)
    repair().under_way.emplace_back(last_write_, entry.id.index);
  drafted_ = false;
}

void Core::settle_answer() {
  Follower* f = follower_role();
  if (f == nullptr || !f->leader || !hard_state_durable()) return;
  if (f->refusal) send_refusal();
  Index safe = std::min(ackable(), f->verified);
  if (planted(Bug::p14_acks_before_sync)) safe = f->verified;
  if (f->owes_answer || safe > f->acked) {
    f->acked = std::max(f->acked, safe);
    answer_leader();
  }
}

void Core::settle_commit() {
  release_commit();
  announce_memberships();
}

void Core::release_commit() {
  Index through = commit_;
  if (planted(Bug::p16_applies_the_uncommitted)) through = outline_.last().index;
  if (damage_.any()) through = std::min(through, damage_.first().prev());
  if (through <= released_) return;
  released_ = through;
  emit(Commit{through});
  tickets_.committed(through, outline_, *effects_);
}

void Core::settle_deadline() {
  if (stopped_) {
    deadline_ = never;
    return;
  }
  // Whatever kept us from campaigning (no vote, damage, a snapshot being installed) may be over.
  if (election_at_ == never && leader_role() == nullptr && !asleep_ && may_campaign())
    rearm_election();
  if (leader_role() != nullptr) {
    deadline_ = asleep_ ? never : leader_deadline();
  } else {
    deadline_ = std::min(election_at_, tickets_until_);
    if (missing_.any()) deadline_ = std::min(deadline_, repair().next);
    if (handover_) deadline_ = std::min(deadline_, handover_->deadline);
  }
  for (const AskedRead& read : asked_) deadline_ = std::min(deadline_, read.deadline);
}

// What must hold after every step, in every build. LogCabin's habit.
void Core::check() const {
  ensure(!drafted_);
  ensure(commit_ <= outline_.last().index);
  ensure(outline_.base().index <= commit_);
  ensure(outline_.durable() <= outline_.last().index);
  ensure(outline_.last().term <= hard_.term);
  ensure(persisted_ <= last_write_);
  if (!planted(Bug::p16_applies_the_uncommitted) && !planted(Bug::p11_commit_goes_back))
    ensure(released_ <= commit_);
  if (const Leader* l = leader_role()) {
    ensure(hard_.voted_for == who_.self || planted(Bug::p05_counts_votes_of_older_term));
    ensure(l->first <= outline_.last().index);
    ensure(l->answered <= l->round);
    ensure(!damage_.any() || planted(Bug::p68_damaged_replica_leads));
    ensure(!asleep_ || (l->reads.empty() && !handover_));
  }
  ensure(!asleep_ || commit_ == outline_.last().index || planted(Bug::p79_sleeps_uncommitted));
  ensure(!asleep_ || candidate_role() == nullptr);
  if (const Follower* f = follower_role()) {
    ensure(f->verified <= outline_.last().index || planted(Bug::p09_cuts_on_any_stale_append));
    ensure(f->acked <= f->verified);
  }
}

void Core::send(NodeId to, Body body) { emit(Send{to, envelope(to, std::move(body))}); }

Message Core::envelope(NodeId to, Body body) const {
  const Member* member = membership().find(to);
  const Follower* f = follower_role();
  const bool to_leader = f != nullptr && f->leader == to;
  return {.version = protocol_version,
          .cluster = cluster(),
          .from = who_.incarnation,
          .to = to_leader           ? leader_life_
                : member != nullptr ? member->incarnation
                                    : Incarnation{},
          .term = hard_.term,
          .body = std::move(body)};
}

// To the very life that asked: our membership may name an older one.
void Core::answer(NodeId to, const Message& asked, Body body) {
  Message reply = envelope(to, std::move(body));
  reply.to = asked.from;
  emit(Send{to, std::move(reply)});
}

void Core::refuse(Ticket ticket, Refusal why) {
  const bool over = why == Refusal::lost_leadership || why == Refusal::stopped;
  emit(Refused{ticket, why, over && leader() == who_.self ? NodeId{} : leader()});
}

// A leader may have been confirmed less often than shorter timeouts ask for: it begins anew.
void Core::on(Tune& in) {
  const bool leases = options_->lease_reads;
  ensure(in.options->fault().empty());
  ensure(in.options->lease_reads == leases);
  ensure(!leases || in.options->election == options_->election);
  options_ = std::move(in.options);
  Leader* const l = leader_role();
  if (l == nullptr) return rearm_election();
  if (!leases) l->confirmed = std::max(l->confirmed, now_);
  l->next_beat = std::min(l->next_beat, now_ + options_->heartbeat_every());
}

void Core::refuse_all(Input& input) {
  std::visit(
      [this](auto& in) {
        if constexpr (requires { in.ticket; }) refuse(in.ticket, Refusal::stopped);
      },
      input);
}

Persist& Core::draft() {
  // First in the list: spans of this step name entries that it carries.
  if (!drafted_) effects_->insert(effects_->begin(), Persist{});
  drafted_ = true;
  return std::get<Persist>(effects_->front());
}

void Core::set_hard_state(HardState next) {
  next.blank = hard_.blank;
  ensure(next.term >= hard_.term);
  ensure(next.term > hard_.term || !hard_.voted_for || hard_ == next);
  hard_ = next;
  draft().hard_state = next;
  if (planted(Bug::p01_vote_not_persisted))
    draft().hard_state = HardState{next.term, {}, {}, next.blank};
}

bool Core::hard_state_durable() const {
  if (drafted_ && std::get<Persist>(effects_->front()).hard_state) return false;
  return hard_state_write_ <= persisted_;
}

// Surviving this silently would be worse than stopping: the group outlives one replica, but not two
// histories.
void Core::impossible(Wrong what, NodeId from, std::string evidence) {
  if (leader_role() != nullptr) step_down();
  role_ = Boxed(Follower{});
  drop_reads(Refusal::stopped);
  tickets_.give_up(*effects_);
  if (handover_ && handover_->ticket)
    emit(Decided{std::exchange(handover_, {})->ticket, Outcome::unknown});
  emit(Impossible{what, from, hard_.term, std::move(evidence)});
  stopped_ = true;
  asleep_ = false;
}

}  // namespace bowline::raft

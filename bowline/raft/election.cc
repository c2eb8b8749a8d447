// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/raft/core.h"

namespace bowline::raft {

void Core::on(Campaign&) {
  if (leader_role() != nullptr || !may_campaign() || membership().barred(*seat())) return;
  hasty_ = 0;
  if (now_ < lease_until_) {
    election_at_ = lease_until_;
    return;
  }
  campaign(options_->pre_vote, false);
}

void Core::on(ForgetLeader&) {
  const Follower* f = follower_role();
  if (f == nullptr || !f->leader) return;
  protected_until_ = now_;
  follow({});
}

// The connection to a peer closed and did not come back. If that peer leads, do not wait for the
// timeout. Everybody sees the close together, so each waits for its rank.
void Core::on(Suspect& in) {
  if (leader_role() != nullptr) {
    Progress* const p = peer(in.peer);
    if (p == nullptr) return;
    p->set_gone(true);
    if (p->lost()) begin_stream(*p);
    if (asleep_ && !quorum_is_there()) rouse();
    return;
  }
  const Follower* f = follower_role();
  if (f == nullptr || f->leader != in.peer) return;
  if (asleep_ && planted(Bug::p78_sleeps_through_a_suspicion)) return;
  asleep_ = false;
  protected_until_ = now_;
  follow({});
  hasty_ = options_->hasty_tries;
  election_at_ = now_ + options_->stagger * static_cast<std::int64_t>(rank());
}

// Among those who could campaign: higher priority first, then lower id. Not the leader of this
// term, which we believe to be dead.
std::uint64_t Core::rank() const {
  const Member* self = seat();
  if (self == nullptr) return membership().voters();
  return static_cast<std::uint64_t>(
      std::ranges::count_if(membership().members, [&](const Member& m) {
        const bool votes = m.now == Standing::voter || m.outgoing;
        if (!votes || m.id == term_leader_ || membership().barred(m)) return false;
        return m.priority > self->priority || (m.priority == self->priority && m.id < self->id);
      }));
}

// A voter of the membership in force; or of one before it, as long as that may still be the one
// that counts. Only we may have the entry that puts us out, and then nobody else can be elected
// until we have led it to its commit (dissertation 4.2.2).
const Member* Core::seat() const {
  const auto configs = in_doubt();
  for (auto config = configs.rbegin(); config != configs.rend(); ++config)
    if (config->membership->votes(who_.self)) return config->membership->find(who_.self);
  return nullptr;
}

// A voter that lost its disk, and with it its vote and what it acknowledged, comes back as a blank
// node. It must not count for the life before, so it has no say until the log names this one: by
// then it has what a leader had who was elected without it. A membership that may still be the one
// that counts is enough: nobody but us may have the one after it, which puts us out.
bool Core::may_vote() const {
  if (membership().members.empty()) return false;
  if (planted(Bug::p27_wiped_node_counts)) return true;
  return !hard_.blank || std::ranges::any_of(in_doubt(), [this](const Config& config) {
    return counts_on_us(*config.membership);
  });
}

bool Core::may_campaign() const {
  const Member* self = seat();
  if (self == nullptr) return false;
  if (restoring_ || stalled_ || hard_.term.value >= absurd || !may_vote()) return false;
  if (damage_.any() && !planted(Bug::p68_damaged_replica_leads)) return false;
  if (planted(Bug::p27_wiped_node_counts)) return true;
  return !self->incarnation || self->incarnation == who_.incarnation;
}

void Core::election_due() {
  election_at_ = never;
  if (!may_campaign()) return stand_by();
  standing_by_.reset();
  // Our own vote is withheld like any other.
  if (now_ < lease_until_ && !planted(Bug::p60_suspicion_breaks_leases)) {
    election_at_ = lease_until_;
    if (hasty_ > 0)  // everybody waits for the same moment
      election_at_ = election_at_ + options_->stagger * static_cast<std::int64_t>(rank());
    return;
  }
  if (membership().barred(*seat()) && !may_be_caretaker()) return rearm_election();
  // Who only was a voter is needed if nobody else has the entry that puts it out. If somebody has,
  // each of its campaigns takes votes from those who stay: so it leaves them most of the tries.
  if (!membership().votes(who_.self) && ++passed_ % 3 != 0) return rearm_election();
  if (waits_for_better_priority()) return;
  campaign(options_->pre_vote && !planted(Bug::p38_no_pre_vote), false);
}

// Priority 0 never leads. But if it has entries that those who may lead lack, they need its vote
// and cannot get it; so it takes over, for as long as it takes to bring one of them up to date.
bool Core::may_be_caretaker() {
  constexpr std::uint32_t patience = 2;
  if (better_log_ && passed_ >= patience) return true;
  ++passed_;
  return false;
}

// Says once why this replica does not campaign. What only lasts for a while (damage, a snapshot
// being installed) is not worth saying; it ends by itself.
void Core::stand_by() {
  const Member* self = membership().find(who_.self);
  std::optional<Standby> why;
  if (membership().members.empty()) {
    why = Standby::no_members;
  } else if (self == nullptr || !may_vote() ||
             (self->incarnation && self->incarnation != who_.incarnation)) {
    why = Standby::not_member;
  }
  if (!why || standing_by_ == why || standing_by_ == Standby::disowned) return;
  standing_by_ = why;
  emit(StandingBy{*why});
}

// A member of low priority lets its first timeouts pass, one for each better priority, so that
// those go first; but no more than two, since nobody knows whether they are there.
bool Core::waits_for_better_priority() {
  constexpr std::uint32_t most = 2;
  if (hasty_ > 0 || passed_ >= most) return false;
  const std::uint8_t own = seat()->priority;
  std::array<bool, 256> better{};
  for (const Member& m : membership().members)
    if (m.now == Standing::voter && m.id != term_leader_ && m.priority > own)
      better[m.priority] = true;
  if (passed_ >= static_cast<std::uint32_t>(std::ranges::count(better, true))) return false;
  ++passed_;
  rearm_election();
  return true;
}

void Core::campaign(bool pre, bool transfer) {
  if (alone()) pre = false;  // nobody to ask
  owes_vote_ = false;
  if (!pre) {
    set_hard_state({hard_.term.next(), who_.self, who_.incarnation});
    term_leader_ = {};
  }
  last_id_ = last_id_.next();
  Candidate candidate{.campaign = Round{last_id_.value},
                      .pre = pre,
                      .transfer = transfer,
                      .ballots = {},
                      .met = {}};
  candidate.ballots.resize(membership().members.size());
  role_ = Boxed(std::move(candidate));
  rearm_election();
  if (!pre) emit(RoleChanged{hard_.term, {}, Role::candidate});
  // A pre-vote claims nothing that a crash could undo. A vote does: see settle_votes().
  if (pre || planted(Bug::p02_asks_for_votes_before_sync)) ask_for_votes();
}

void Core::ask_for_votes() {
  Candidate& c = *candidate_role();
  c.asked = true;
  const VoteRequest request{outline_.last(), c.campaign, c.pre, c.transfer};
  for (const Member& m : membership().members)
    if (m.id != who_.self && membership().votes(m.id)) send(m.id, request);
  count(who_.self, true);
}

// The election restriction (dissertation 3.6.1).
bool Core::is_behind_ours(LogId last) const {
  LogId ours = outline_.last();
  if (planted(Bug::p94_votes_by_what_is_readable) && damage_.any())
    ours = {*outline_.term_at(damage_.first().prev()), damage_.first().prev()};
  if (planted(Bug::p06_votes_for_shorter_log)) return false;
  if (planted(Bug::p90_votes_by_length)) return last.index < ours.index;
  if (planted(Bug::p91_votes_by_last_term)) return last.term < ours.term;
  return last < ours;
}

void Core::hear_pre_vote(NodeId from, const Message& m, const VoteRequest& in) {
  Denial denial = Denial::none;
  if (m.term < hard_.term) {
    denial = Denial::old_term;
  } else if (is_behind_ours(in.last)) {
    denial = Denial::log_behind;
  }
  Message reply = envelope(from, VoteReply{in.campaign, true, denial == Denial::none, denial});
  reply.to = m.from;
  if (denial == Denial::none) reply.term = m.term;  // about the asker's term, not ours
  emit(Send{from, std::move(reply)});
  // Our log is better, and we are in a hurry as well: go first. But not while whoever has our vote
  // may be about to win.
  better_log_ = better_log_ || (denial == Denial::log_behind && from_a_member(from, m.from));
  const bool given = hard_.voted_for && hard_.voted_for != who_.self && !term_leader_;
  if (denial == Denial::log_behind && hasty_ > 0 && election_at_ != never && !candidate_role() &&
      !given)
    election_at_ = now_;
}

void Core::hear(NodeId from, const Message& m, VoteRequest& in) {
  const bool free =
      !hard_.voted_for || (hard_.voted_for == from && hard_.voted_incarnation == m.from);
  if (!free) return answer(from, m, VoteReply{in.campaign, false, false, Denial::voted});
  better_log_ = better_log_ || (in.last < outline_.last() && from_a_member(from, m.from));
  if (is_behind_ours(in.last))
    return answer(from, m, VoteReply{in.campaign, false, false, Denial::log_behind});
  if (!hard_.voted_for) {
    set_hard_state({hard_.term, from, m.from});
    if (candidate_role() != nullptr) role_ = Boxed(Follower{});  // it only asked for pre-votes
    if (!planted(Bug::p39_timer_not_reset_on_grant)) rearm_election();
  }
  owes_vote_ = true;
  owed_campaign_ = in.campaign;
}

void Core::hear(NodeId from, const Message& m, VoteReply& in) {
  Candidate* c = candidate_role();
  if (c == nullptr) return;
  const bool stale = c->pre != in.pre || c->campaign != in.campaign;
  if (stale && !planted(Bug::p05_counts_votes_of_older_term)) return;
  // The first life of a member that answers is the one that counts in this campaign.
  const auto known = std::ranges::find(c->met, from, &Met::id);
  if (known == c->met.end()) {
    c->met.push_back({from, m.from});
  } else if (known->incarnation != m.from) {
    ++drops_.identity;
    return;
  }
  const bool soon = in.denial == Denial::leader_alive || in.denial == Denial::voted;
  if (!in.granted && soon && hasty_ > 0) hurry();
  count(from, in.granted);
}

void Core::count(NodeId from, bool granted) {
  Candidate& c = *candidate_role();
  const auto& members = membership().members;
  const auto at = std::ranges::find(members, from, &Member::id);
  if (at == members.end()) return;
  Ballot& ballot = c.ballots[static_cast<std::size_t>(at - members.begin())];
  if (ballot == Ballot::none) ballot = granted ? Ballot::yes : Ballot::no;
  switch (tally(membership(), c.ballots)) {
    case Tally::pending: return;
    case Tally::lost: return lost_election();
    case Tally::won:
      if (c.pre) return campaign(false, false);
      return lead();
  }
}

void Core::lost_election() {
  if (hasty_ > 0) hurry();
  follow({});
}

// A split or refused round after a suspicion: the others learn of the crash about now.
void Core::hurry() {
  if (Candidate* c = candidate_role()) {
    if (c->hurried) return;
    c->hurried = true;
  }
  --hasty_;
  const Duration draw{prng_.below(static_cast<std::uint64_t>(2 * options_->retry.count()))};
  election_at_ = std::min(election_at_, now_ + options_->retry + draw);
}

void Core::hear(NodeId from, const Message& m, TimeoutNow&) {
  const Follower* f = follower_role();
  if (f == nullptr || f->leader != from || leader_life_ != m.from || !may_campaign()) return;
  if (membership().barred(*seat())) return;
  campaign(false, true);
}

void Core::enter(Term term) {
  ensure(term > hard_.term);
  set_hard_state({term, {}, {}});
  owes_vote_ = false;
  term_leader_ = {};
  protected_until_ = now_;  // whom we knew led an older term
  follow({});
}

void Core::follow(NodeId leader, Incarnation life) {
  asleep_ = false;
  const bool news = leader || role() != Role::follower || this->leader();
  if (leader_role() != nullptr) step_down();
  if (leader != this->leader()) drop_reads(Refusal::lost_leadership);
  // Our time to campaign does not move because others campaign: those who cannot win could hold up
  // the one who can for ever.
  if (leader || leader_role() != nullptr || election_at_ == never) rearm_election();
  role_ = Boxed(Follower{.leader = leader, .verified = {}, .acked = {}, .round = {}});
  if (leader) {
    settle_handover(leader);
    term_leader_ = leader;
    leader_life_ = life;
    passed_ = 0;
    better_log_ = false;
    hasty_ = 0;
  }
  if (news) emit(RoleChanged{hard_.term, leader, Role::follower});
}

void Core::step_down() {
  Leader& l = *leader_role();
  drop_reads(Refusal::lost_leadership);
  if (handover_ && !handover_->told) end_handover(Refusal::lost_leadership);
  if (l.change) emit(Decided{l.change, Outcome::unknown});
  // Those whose entries are in the log may still learn their fate; but not wait for it for ever.
  if (!tickets_.empty()) tickets_until_ = now_ + 2 * options_->election;
}

void Core::rearm_election() {
  const Duration least = options_->lease_reads ? lease_guard() : options_->election;
  Duration draw{prng_.below(static_cast<std::uint64_t>(options_->election.count()))};
  if (planted(Bug::p40_timeouts_not_random)) draw = Duration{0};
  election_at_ = now_ + least + draw;
}

}  // namespace bowline::raft

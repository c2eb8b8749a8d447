// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/abstraction.h"

#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "bowline/base/ensure.h"
#include "bowline/base/prng.h"
#include "bowline/raft/membership_codec.h"

namespace bowline::raft {

// Takes values in a fixed order; lists with their length, so that no two of them run together.
class Abstraction::Sum {
 public:
  explicit Sum(Answers answers) : answers_(answers == Answers::matter) {}
  std::uint64_t value() const { return sum_; }

  template <class... Parts>
  void take(const Parts&... parts) {
    (add(parts), ...);
  }
  template <class List>
  void take_all(const List& list) {
    add(list.size());
    for (const auto& one : list) add(one);
  }

 private:
  void add(std::uint64_t word) { sum_ = Prng(sum_ ^ word).next(); }
  template <class Thing>
  void add(Ordinal<Thing> ordinal) {
    add(ordinal.value);
  }
  void add(LogId id) { take(id.term, id.index); }
  void add(Stretch stretch) { take(stretch.first, stretch.last); }
  void add(Ballot ballot) { add(static_cast<std::uint64_t>(ballot)); }
  void add(const Core::Met& met) { take(met.id, met.incarnation); }
  void add(const Boxed<Core::Handover>& one) {
    add(one.has_value());
    if (one) take(one->ticket, one->to, one->told);
  }
  void add(const Core::Beat& beat) { take(beat.round); }
  void add(const Core::AskedRead& read) { take(read.ticket, read.id); }
  void add(const Core::PendingRead& read) {
    take(read.ticket, read.asker, read.id, read.index, read.needs);
  }
  void add(const Tickets::Waiting& one) { take(one.ticket, one.last, one.entries); }
  void add(const Config& config) {
    add(config.at);
    const Bytes bytes = encode(*config.membership);
    take_all(bytes.view());
  }
  void add(const Base& base) { take(base.id, Config{base.membership_index, base.membership}); }
  void add(const Progress& p) {
    take(p.id_, p.met_, p.match_, p.next_, p.told_commit_, p.stream_, p.behind_.has_value(),
         static_cast<std::uint64_t>(p.mode_), p.probe_out_, p.full_, p.forgot_, p.caught_up_,
         p.gone_, p.resting_, p.in_flight_.size());
    for (const auto& flight : p.in_flight_) add(flight.last);
    if (p.behind_) take(p.behind_->snapshot_through, p.behind_->round_target);
    if (answers_) add(p.round_);
  }
  void add(const Outline& log) {
    take(log.base_, log.last_, log.durable_);
    take_all(log.runs_);
    // By order, not by number.
    add(log.in_flight_.size());
    for (const auto& write : log.in_flight_) add(write.reaches);
  }
  void add(const Core::Follower& f) {
    take(f.leader, f.verified, f.acked, f.round, f.leader_commit, f.owes_answer,
         f.refusal.has_value());
    if (f.refusal) take(f.refusal->prev, f.refusal->asked);
  }
  void add(const Core::Candidate& c) {
    take(c.campaign, c.pre, c.transfer, c.asked, c.hurried);
    take_all(c.ballots);
    take_all(c.met);
  }
  void add(const Core::Leader& l) {
    take_all(l.peers);
    add(l.leavers.has_value());
    if (l.leavers) take_all(l.leavers->peers);
    take(l.first, l.round, l.rest);
    if (answers_) add(l.answered);
    if (answers_) take_all(l.beats);
    take_all(l.reads);
    take(l.lease_void, l.change, l.cancelling);
  }

  bool answers_;
  std::uint64_t sum_ = 0;
};

std::uint64_t Abstraction::digest(const Core& c, Answers answers) {
  Sum sum(answers);
  sum.take(c.who_.self, c.who_.cluster, c.who_.incarnation);
  sum.take(c.hard_.term, c.hard_.voted_for, c.hard_.voted_incarnation, c.hard_.blank);
  sum.take(c.outline_, c.commit_, c.released_, c.announced_, c.memberships_.configs_.size());
  sum.take_all(c.memberships_.configs_);
  sum.take_all(c.damage_.stretches());
  sum.take_all(c.missing_.stretches());
  sum.take(c.role_.index());
  std::visit([&sum](const auto& role) { sum.take(*role); }, c.role_);
  sum.take(c.owes_vote_, c.owes_vote_ ? c.owed_campaign_ : Round{});
  sum.take(c.last_write_ - c.persisted_);
  const bool pending = c.hard_state_write_ > c.persisted_;
  sum.take(pending ? 1 + (c.last_write_ - c.hard_state_write_) : 0);
  sum.take_all(c.tickets_.waiting_);
  sum.take_all(c.asked_);
  sum.take(c.last_id_, c.term_leader_, c.term_leader_ ? c.leader_life_ : Incarnation{});
  sum.take(c.now_ < c.protected_until_, c.now_ < c.lease_until_);
  sum.take(c.election_at_ == never, c.tickets_until_ == never,
           !c.repair_ || c.repair_->next == never);
  sum.take(c.hasty_, c.passed_, c.better_log_, c.repair_ ? c.repair_->asked : 0,
           c.restoring_.has_value());
  if (c.restoring_) sum.take(*c.restoring_);
  sum.take(c.handover_, c.repair_.has_value());
  if (c.repair_) sum.take(c.repair_->under_way.size());
  if (c.repair_)
    for (const auto& [seq, index] : c.repair_->under_way) sum.take(c.last_write_ - seq, index);
  sum.take(c.standing_by_ ? 1 + static_cast<std::uint64_t>(*c.standing_by_) : 0);
  sum.take(c.full_, c.was_member_, c.stopped_, c.asleep_);
  return sum.value();
}

void Abstraction::forget_times(Core& c) {
  ensure(c.effects_ == nullptr);
  const Duration timeout = c.options_->election;
  const Time now = std::exchange(c.now_, Time{});
  const auto restart = [&](Time& moment, Duration after) {
    if (moment != never) moment = Time{after};
  };
  const auto lapse = [&](Time& until) { until = Time{now < until ? timeout : Duration{0}}; };
  restart(c.election_at_, timeout);
  restart(c.tickets_until_, 2 * timeout);
  if (c.repair_) restart(c.repair_->next, timeout / 2);
  lapse(c.protected_until_);
  lapse(c.lease_until_);
  if (c.handover_) restart(c.handover_->deadline, (c.leader_role() != nullptr ? 1 : 2) * timeout);
  for (auto& read : c.asked_) restart(read.deadline, timeout);
  if (Core::Leader* l = c.leader_role()) {
    restart(l->confirmed, Duration{0});
    restart(l->next_beat, c.options_->heartbeat_every());
    if (l->leavers) restart(l->leavers->until, 2 * timeout);
    for (auto& beat : l->beats) restart(beat.sent, Duration{0});
    for (auto& read : l->reads) restart(read.deadline, timeout);
    for (const std::span<Progress> peers : {std::span<Progress>(l->peers), c.leavers()})
      for (Progress& p : peers) {
        p.heard_ = Time{};
        if (p.behind_) p.behind_->round_began = Time{};
      }
  }
  c.settle_deadline();
}

}  // namespace bowline::raft

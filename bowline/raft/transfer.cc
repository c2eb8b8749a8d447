// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bowline/base/mutant.h"
#include "bowline/raft/core.h"

// Handing leadership over (dissertation 3.10): take no more proposals, bring the target up to date,
// tell it to campaign at once. Given up after an election timeout.
namespace bowline::raft {

void Core::on(Transfer& in) {
  if (leader_role() == nullptr) return refuse(in.ticket, Refusal::not_leader);
  if (handover_) return refuse(in.ticket, Refusal::transferring);
  const NodeId to = in.to ? in.to : best_target();
  if (!to && others_may_lead()) return refuse(in.ticket, Refusal::not_ready);
  const Member* member = membership().find(to);
  if (member == nullptr || to == who_.self || !may_lead(*member))
    return refuse(in.ticket, Refusal::bad_target);
  handover_ = Boxed(Handover{in.ticket, to, now_ + options_->election});
  pursue_handover();
}

// None of them has answered of late, or not since we lead: that may be otherwise soon.
bool Core::others_may_lead() const {
  return std::ranges::any_of(membership().members,
                             [&](const Member& m) { return m.id != who_.self && may_lead(m); });
}

bool Core::may_lead(const Member& m) const {
  return m.now == Standing::voter && m.goal == Standing::voter && !membership().barred(m);
}

// A leader does not need its disk as long as a quorum has others. But what it promises waits for
// its own, its next term first of all; and if one of the others fails, too, the group waits as
// well.
void Core::on(Stalled& in) {
  stalled_ = in.stalled;
  hand_over_if_unfit();
}

NodeId Core::heir() const {
  return leader_role() != nullptr && handover_ ? handover_->to : NodeId{};
}

// The highest priority among those that answer, then the longest log. If it is the disk that fails
// us the log comes first: who lags may have the same trouble.
NodeId Core::best_target() const {
  const Progress* best = nullptr;
  std::pair<std::uint64_t, std::uint64_t> best_rank;
  for (const Progress& p : leader_role()->peers) {
    const Member* m = membership().find(p.id());
    if (m == nullptr || !may_lead(*m) || !p.round()) continue;
    if (now_ >= std::max(p.heard(), leader_role()->awake_since) + options_->election) continue;
    std::pair<std::uint64_t, std::uint64_t> rank{m->priority, p.match().value};
    if (stalled_) std::swap(rank.first, rank.second);
    if (best != nullptr && rank <= best_rank) continue;
    best = &p;
    best_rank = rank;
  }
  return best != nullptr ? best->id() : NodeId{};
}

void Core::pursue_handover() {
  if (!handover_ || handover_->told) return;
  const Progress* p = peer(handover_->to);
  if (p == nullptr) return end_handover(Refusal::bad_target);  // no longer a member
  if (p->match() != outline_.last().index) return;
  handover_->told = true;
  // The target may be let past our lease from now on, and nobody can tell when it will be: the
  // message may arrive late. So there is no lease for the rest of this term.
  if (!planted(Bug::p64_transfer_keeps_the_lease)) leader_role()->lease_void = true;
  send(handover_->to, TimeoutNow{});
}

// Once the target was told, nobody can take it back: it may still win, late.
void Core::hand_over_if_unfit() {
  if (leader_role() == nullptr || handover_ || asleep_) return;
  const Member* self = membership().find(who_.self);
  const bool caretaker = self != nullptr && membership().barred(*self);
  if (!caretaker && !stalled_) return;
  if (const NodeId to = best_target()) {
    handover_ = Boxed(Handover{{}, to, now_ + options_->election});
    pursue_handover();
  } else if (stalled_ && !alone()) {
    follow({});
  }
}

void Core::end_handover(Refusal why) {
  const Handover ended = *std::exchange(handover_, {});
  if (!ended.ticket) return;  // nobody asked for it
  if (!ended.told) return refuse(ended.ticket, why);
  emit(Decided{ended.ticket, Outcome::unknown});
}

// We stepped down for it. Whoever leads next tells how it went.
void Core::settle_handover(NodeId leader) {
  if (!handover_ || (!leader && now_ < handover_->deadline)) return;
  const Outcome outcome = !leader                   ? Outcome::unknown
                          : leader == handover_->to ? Outcome::committed
                                                    : Outcome::overruled;
  if (handover_->ticket) emit(Decided{handover_->ticket, outcome});
  handover_.reset();
}

}  // namespace bowline::raft

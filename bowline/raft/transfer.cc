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
  Leader& l = *leader_role();
  if (l.handover) return refuse(in.ticket, Refusal::transferring);
  const NodeId to = in.to ? in.to : best_target();
  const Member* member = membership().find(to);
  if (member == nullptr || to == who_.self || !may_lead(*member))
    return refuse(in.ticket, Refusal::bad_target);
  l.handover = Boxed(Handover{in.ticket, to, now_ + options_->election});
  pursue_handover();
}

bool Core::may_lead(const Member& m) const {
  return m.now == Standing::voter && m.goal == Standing::voter && !membership().barred(m);
}

// The highest priority among those that answer, then the longest log.
NodeId Core::best_target() const {
  const Progress* best = nullptr;
  std::uint8_t best_priority = 0;
  for (const Progress& p : leader_role()->peers) {
    const Member* m = membership().find(p.id());
    if (m == nullptr || !may_lead(*m) || !p.round()) continue;
    if (now_ >= std::max(p.heard(), leader_role()->awake_since) + options_->election) continue;
    const bool better = best == nullptr || m->priority > best_priority ||
                        (m->priority == best_priority && p.match() > best->match());
    if (!better) continue;
    best = &p;
    best_priority = m->priority;
  }
  return best != nullptr ? best->id() : NodeId{};
}

void Core::pursue_handover() {
  Leader& l = *leader_role();
  if (!l.handover || l.handover->told) return;
  const Progress* p = peer(l.handover->to);
  if (p == nullptr) return end_handover(Refusal::bad_target);  // no longer a member
  if (p->match() != outline_.last().index) return;
  l.handover->told = true;
  // The target may be let past our lease from now on, and nobody can tell when it will be: the
  // message may arrive late. So there is no lease for the rest of this term.
  if (!planted(Bug::p64_transfer_keeps_the_lease)) l.lease_void = true;
  send(l.handover->to, TimeoutNow{});
}

// Once the target was told, nobody can take it back: it may still win, late.
void Core::hand_over_as_caretaker() {
  if (leader_role() == nullptr || leader_role()->handover) return;
  const Member* self = membership().find(who_.self);
  if (self == nullptr || !membership().barred(*self)) return;
  if (const NodeId to = best_target()) {
    leader_role()->handover = Boxed(Handover{{}, to, now_ + options_->election});
    pursue_handover();
  }
}

void Core::end_handover(Refusal why) {
  const Handover ended = *std::exchange(leader_role()->handover, {});
  if (!ended.ticket) return;  // nobody asked for it
  if (!ended.told) return refuse(ended.ticket, why);
  emit(Decided{ended.ticket, Outcome::unknown});
}

// We stepped down for it. Whoever leads next tells how it went.
void Core::settle_handover(NodeId leader) {
  if (!handed_over_ || (!leader && now_ < handed_over_->deadline)) return;
  const Outcome outcome = !leader                      ? Outcome::unknown
                          : leader == handed_over_->to ? Outcome::committed
                                                       : Outcome::overruled;
  if (handed_over_->ticket) emit(Decided{handed_over_->ticket, outcome});
  handed_over_.reset();
}

}  // namespace bowline::raft

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "bowline/base/mutant.h"
#include "bowline/raft/core.h"

// A group that nobody wants anything of sleeps: no heartbeats, no timeouts, no cost. All agree to
// that. A leader with nothing open asks in its heartbeats; a follower that has the same log, all of
// it committed and on its disk, answers that it rests; when all have, the leader rests too. Members
// whose node is gone are not asked, as long as the others are a quorum.
//
// Whoever sleeps counts on its host. It must say Suspect of a node that it lost, or that is silent;
// and Contact when there is a connection again: what was agreed over the last one is off, since the
// peer may have been told, or may have forgotten, what we do not know. Any other input wakes as
// well, but for answers of those who sleep. A leader that wakes sends a heartbeat, and a follower
// an answer that nobody asked for, so that all wake.
namespace bowline::raft {

void Core::on(Contact& in) {
  if (leader_role() == nullptr) {
    if (asleep_ && leader() == in.peer) rouse();
    return;
  }
  Progress* const p = peer(in.peer);
  if (p == nullptr) return;
  p->set_gone(false);
  if (asleep_) rouse();
}

void Core::stir() {
  if (asleep_) return rouse();
  Leader* const l = leader_role();
  if (l == nullptr) return;
  l->calm_since = now_;
  if (std::exchange(l->rest, {})) beat();  // some may sleep already, and we may stop to lead
}

void Core::rouse() {
  asleep_ = false;
  Leader* const l = leader_role();
  if (l == nullptr) {
    rearm_election();
    if (Follower* f = follower_role()) f->owes_answer = bool(f->leader);  // which wakes it, too
    return;
  }
  l->rest = {};
  l->awake_since = l->calm_since = now_;
  beat();
}

// Nothing is open, here or on its way.
bool Core::calm() const {
  const Leader& l = *leader_role();
  const Index last = outline_.last().index;
  const bool done = commit_ == last && released_ == last && ackable() == last && l.first <= last;
  if (!done && !planted(Bug::p79_sleeps_uncommitted)) return false;
  const bool open = !l.reads.empty() || l.leavers || handover_ || l.change || !tickets_.empty() ||
                    restoring_ || full_ || damage_.any();
  if (open && !planted(Bug::p79_sleeps_uncommitted)) return false;
  const Member* const self = membership().find(who_.self);
  if (self == nullptr || membership().barred(*self) || !membership().settled()) return false;
  if (planted(Bug::p79_sleeps_uncommitted)) return true;
  return quorum_is_there() && std::ranges::all_of(l.peers, [last](const Progress& p) {
           return p.gone() || (p.mode() == Progress::Mode::streaming && p.match() == last);
         });
}

bool Core::quorum_is_there() const {
  std::array<std::uint64_t, max_members> there{};
  const auto& members = membership().members;
  const Few<Progress>& peers = leader_role()->peers;
  for (std::size_t i = 0; i < members.size(); ++i)
    there[i] = std::ranges::none_of(
        peers, [&](const Progress& p) { return p.id() == members[i].id && p.gone(); });
  return reached_by_quorum(membership(), std::span(there).first(members.size())) > 0;
}

// With each heartbeat. Who cannot rest now is not asked again at once.
void Core::consider_rest() {
  Leader& l = *leader_role();
  if (options_->hibernate_after == Duration{0}) return;
  const auto patience =
      static_cast<std::uint64_t>(options_->election / options_->heartbeat_every() / 2);
  if (!calm() || (l.rest && l.round - l.rest >= patience)) {
    l.rest = {};
    l.calm_since = now_;
  }
  if (l.rest || now_ < l.calm_since + options_->hibernate_after) return;
  l.rest = l.round;
  for (Progress& p : l.peers) p.set_resting(false);
}

void Core::agree_to_rest(const AppendRequest& in) {
  const bool same = in.prev == outline_.last() && commit_ == in.prev.index;
  const bool good = ackable() == outline_.last().index && hard_state_durable() && !full_ &&
                    !restoring_ && !damage_.any() && !mending() && asked_.empty() &&
                    tickets_.empty() && !handover_ && options_->hibernate_after > Duration{0};
  if (!good || (!same && !planted(Bug::p79_sleeps_uncommitted))) return;
  asleep_ = true;
  hasty_ = 0;
  election_at_ = never;
}

void Core::note_rest(Progress& p, const AppendReply& in) {
  Leader& l = *leader_role();
  const bool level = in.matched && in.match == outline_.last().index;
  if (!level || (asleep_ && !in.resting)) return stir();
  if (!in.resting || !l.rest || in.round < l.rest) return;
  p.set_resting(true);
  fall_asleep();
}

void Core::fall_asleep() {
  Leader& l = *leader_role();
  if (!l.rest || !calm()) return;
  const bool agreed =
      std::ranges::all_of(l.peers, [](const Progress& p) { return p.gone() || p.resting(); });
  if (!agreed) return;
  asleep_ = true;
  l.rest = {};
  l.beats.clear();
}

}  // namespace bowline::raft

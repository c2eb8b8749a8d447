// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "bowline/base/mutant.h"
#include "bowline/raft/core.h"

// Heartbeats are numbered, and a follower's answer names the newest that it heard. When a quorum
// has answered round r, then at the moment r was sent no newer leader had committed anything. One
// mechanism proves three things: that a read is fresh, that a lease holds, and that the leader is
// still in touch.
namespace bowline::raft {
namespace {

constexpr std::size_t most_beats = 64;  // without the newest, the proof only comes later

}  // namespace

void Core::leader_woken() {
  Leader& l = *leader_role();
  if (alone()) l.confirmed = now_;
  const bool cut_off = now_ >= in_touch() + options_->election;
  if (options_->check_quorum && cut_off && !planted(Bug::p37_no_check_quorum)) return follow({});
  if (handover_ && now_ >= handover_->deadline) {
    end_handover(Refusal::timed_out);
    if (stalled_) return follow({});  // nobody knows who else could take it: let them decide
  }
  if (now_ >= l.next_beat) beat();
  release_leavers();
  hand_over_if_unfit();
}

// A heartbeat is an empty append at the end of what was sent: if anything before it was lost, the
// answer says so. It never waits for our disk, nor for theirs.
void Core::beat() {
  Leader& l = *leader_role();
  l.round = l.round.next();
  l.next_beat = now_ + options_->heartbeat_every();
  if (l.beats.size() < most_beats) l.beats.push_back({l.round, now_});
  const bool opening = l.round == Round{1};
  consider_rest();
  for (Progress& p : leavers()) replicate(p);
  for (Progress& p : l.peers) {
    if (p.mode() == Progress::Mode::snapshot) {
      send_offer(p);
    } else if (opening) {
      // The first question brings its answer along: most followers match, and a round trip is
      // saved.
      send_span(p, outline_.last().index);
    } else {
      if (p.mode() == Progress::Mode::probing) p.probed();
      send_empty(p);
    }
  }
  count_rounds();
  fall_asleep();
}

void Core::count_rounds() {
  Leader& l = *leader_role();
  if (l.answered == l.round) return;
  std::array<std::uint64_t, max_members> rounds{};
  const auto& members = membership().members;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Progress* p = members[i].id == who_.self ? nullptr : peer(members[i].id);
    if (members[i].id == who_.self) rounds[i] = l.round.value;
    if (p != nullptr) rounds[i] = p->round().value;
  }
  const Round answered{reached_by_quorum(membership(), std::span(rounds).first(members.size()))};
  if (answered <= l.answered) return;
  l.answered = answered;
  for (const Beat& beat : l.beats)
    if (beat.round <= answered) l.confirmed = std::max(l.confirmed, beat.sent);
  erase_if(l.beats, [&](const Beat& beat) { return beat.round <= answered; });
}

// Followers withhold their votes for election x (1 + drift) by their clocks after they heard from
// us. By ours, whatever the two clocks do within the bound, that is at least election x (1 - drift)
// after we sent it (dissertation 6.4.1).
bool Core::lease_holds() const {
  const Leader& l = *leader_role();
  if (!options_->lease_reads || l.lease_void || commit_ < l.first) return false;
  Duration lease = options_->election * (1000 - options_->drift_permille) / 1000;
  if (planted(Bug::p36_lease_ignores_drift)) lease = options_->election;
  return alone() || now_ < l.confirmed + lease;
}

// While it slept nobody was asked.
Time Core::in_touch() const {
  const Leader& l = *leader_role();
  return std::max(l.confirmed, l.awake_since);
}

Time Core::leader_deadline() const {
  const Leader& l = *leader_role();
  Time deadline = l.next_beat;
  if (options_->check_quorum && !planted(Bug::p37_no_check_quorum))
    deadline = std::min(deadline, in_touch() + options_->election);
  if (handover_) deadline = std::min(deadline, handover_->deadline);
  for (const PendingRead& read : l.reads) deadline = std::min(deadline, read.deadline);
  return deadline;
}

}  // namespace bowline::raft

// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/why.h"

#include <algorithm>
#include <array>
#include <span>

#include "bowline/raft/core.h"

namespace bowline::raft {
namespace {

Hindrance of_membership(const Membership& membership, NodeId self, Incarnation incarnation) {
  if (membership.members.empty()) return Hindrance::no_members;
  const Member* member = membership.find(self);
  if (member == nullptr || (member->incarnation && member->incarnation != incarnation))
    return Hindrance::not_member;
  if (!membership.votes(self)) return Hindrance::learner;
  return membership.barred(*member) ? Hindrance::priority_zero : Hindrance::none;
}

}  // namespace

WhyNotLeading Core::why_not_leading() const {
  WhyNotLeading answer;
  answer.leader = leader();
  if (leader_role() != nullptr) return answer;
  answer.due = election_at_ == never ? Duration{0} : std::max(election_at_ - now_, Duration{0});
  answer.why =
      stopped_ ? Hindrance::stopped : of_membership(membership(), who_.self, who_.incarnation);
  if (answer.why == Hindrance::none && !may_vote()) answer.why = Hindrance::not_member;
  if (answer.why != Hindrance::none) return answer;
  if (const Candidate* c = candidate_role()) {
    answer.why = !c->asked ? Hindrance::own_vote_unsynced
                 : c->pre  ? Hindrance::lacks_pre_votes
                           : Hindrance::lacks_votes;
    for (std::size_t i = 0; i < c->ballots.size(); ++i) {
      const Member& m = membership().members[i];
      const bool votes = membership().votes(m.id);
      answer.members.push_back({m.id, votes, votes && c->ballots[i] != Ballot::yes, {}, {}, {}});
    }
    return answer;
  }
  answer.why = restoring_                   ? Hindrance::restoring
               : hard_.term.value >= absurd ? Hindrance::terms_used_up
               : damage_.any()              ? Hindrance::damaged
               : stalled_                   ? Hindrance::disk_stalled
               : leader()                   ? Hindrance::leader_alive
               : now_ < lease_until_        ? Hindrance::leader_protected
               : now_ < protected_until_    ? Hindrance::leader_protected
                                            : Hindrance::waiting_timeout;
  return answer;
}

WhyNotCommitted Core::why_not_committed(Index index) const {
  WhyNotCommitted answer;
  answer.leader = leader();
  if (index <= commit_) return answer;
  answer.own_disk_behind = outline_.durable() < index;
  const Leader* l = leader_role();
  if (index > outline_.last().index) {
    answer.why = Stall::not_in_log;
    return answer;
  }
  if (l == nullptr) {
    answer.why = Stall::not_leading;
    return answer;
  }
  std::array<std::uint64_t, max_members> match{};
  for (const Member& m : membership().members) {
    const bool votes = membership().votes(m.id);
    Waiting line{m.id, votes, votes && answer.own_disk_behind, outline_.durable(), {}, {}};
    const auto p = std::ranges::find(l->peers, m.id, &Progress::id);
    if (m.id != who_.self && p != l->peers.end())
      line = {m.id, votes, votes && p->match() < index, p->match(), p->mode(), now_ - p->heard()};
    match[answer.members.size()] = line.match.value;
    answer.members.push_back(line);
  }
  const auto reached =
      reached_by_quorum(membership(), std::span(match).first(answer.members.size()));
  // Where a quorum has it, it is of an older term, and waits for an entry of this one.
  answer.why = reached < index.value ? Stall::lacks_quorum : Stall::old_term;
  return answer;
}

}  // namespace bowline::raft

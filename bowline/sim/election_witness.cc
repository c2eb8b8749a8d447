// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/election_witness.h"

#include <algorithm>
#include <variant>

#include "bowline/sim/quorums.h"

namespace bowline::sim {

void ElectionWitness::saw(const Site& site, const Mind& mind, const raft::Input&,
                          const raft::Effects& effects) {
  Term& known = terms_[site.id];
  if (mind.term != known) {
    known = mind.term;
    if (site.written.hard.voted_for == site.id) stood_for_.insert(mind.term);
    if (!stood_for_.contains(mind.term))
      return violated("I7",
                      name(site.id) + " entered " + name(mind.term) + ", for which nobody stands");
  }
  if (elected(effects)) crowned(site, mind);
}

void ElectionWitness::sent(const Site& site, NodeId to, const raft::Message& message) {
  const auto* reply = std::get_if<raft::VoteReply>(&message.body);
  if (reply == nullptr || !reply->granted || reply->pre) return;
  grants_[message.term].push_back({site.id, site.incarnation, to});
}

void ElectionWitness::crowned(const Site& site, const Mind& mind) {
  const ClusterId cluster = mind.config.membership->cluster;
  const auto [former, first] =
      leaders_.try_emplace({cluster, mind.term}, Leader{site.id, site.life});
  if (!first && former->second.id != site.id)
    return violated("I1", name(site.id) + " leads " + name(mind.term) + ", which " +
                              name(former->second.id) + " led");
  if (!first) return violated("I1", name(site.id) + " was elected twice to " + name(mind.term));
  if (!has_votes(site, mind))
    violated("I26", name(site.id) + " leads " + name(mind.term) +
                        " without the votes of a quorum of its members");
}

bool ElectionWitness::has_votes(const Site& site, const Mind& mind) const {
  const auto given = grants_.find(mind.term);
  const auto granted_by = [&](const raft::Member& member) {
    if (member.id == site.id) return !member.incarnation || member.incarnation == site.incarnation;
    return given != grants_.end() && std::ranges::any_of(given->second, [&](const Grant& grant) {
             return grant.voter == member.id && grant.candidate == site.id &&
                    (!member.incarnation || member.incarnation == grant.incarnation);
           });
  };
  MemberSet yes = 0;
  const auto& members = mind.config.membership->members;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (granted_by(members[i])) yes |= 1ULL << i;
  return is_quorum(*mind.config.membership, yes);
}

}  // namespace bowline::sim

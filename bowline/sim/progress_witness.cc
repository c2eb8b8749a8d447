// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/progress_witness.h"

#include <algorithm>
#include <variant>

namespace bowline::sim {
namespace {

// A follower that says that its disk lost what it had acknowledged is believed.
bool tells_of_a_loss(const raft::Input& input) {
  const auto* received = std::get_if<raft::Received>(&input);
  if (received == nullptr) return false;
  const auto* reply = std::get_if<raft::AppendReply>(&received->message.body);
  return reply != nullptr && reply->lost;
}

}  // namespace

void ProgressWitness::saw(const Site& site, const Mind& mind, const raft::Input& input,
                          const raft::Effects&) {
  if (mind.role != raft::Role::leader) return;
  Belief& belief = beliefs_[site.id];
  if (belief.life != site.life || belief.term != mind.term) belief = {site.life, mind.term, {}};
  // The two lists differ only after a change of the membership.
  std::vector<Peer>& before = belief.peers;
  const bool aligned = std::ranges::equal(before, mind.peers, {}, &Peer::id, &raft::Progress::id);
  if (!aligned) {
    std::vector<Peer> now;
    for (const raft::Progress& p : mind.peers) {
      const auto known = std::ranges::find(before, p.id(), &Peer::id);
      now.push_back({p.id(), known == before.end() ? Index{} : known->match});
    }
    before = std::move(now);
  }
  for (std::size_t i = 0; i < mind.peers.size(); ++i) {
    const raft::Progress& p = mind.peers[i];
    if (p.next() <= p.match())
      return violated("I11", name(site.id) + " would send " + name(p.id()) + " what it has");
    if (p.match() == before[i].match) continue;
    if (p.match() < before[i].match && !tells_of_a_loss(input))
      return violated("I11", name(site.id) + " took the match of " + name(p.id()) + " back from " +
                                 name(before[i].match) + " to " + name(p.match()));
    before[i].match = p.match();
    check(site, mind, p);
  }
}

void ProgressWitness::check(const Site& site, const Mind& mind, const raft::Progress& p) const {
  const Site* follower = court().site(p.id());
  // In a newer term it may have cut what this leader may go on believing in.
  const bool comparable = follower != nullptr && follower->incarnation == p.met() &&
                          follower->durable.hard.term == mind.term;
  if (comparable && !shares(site, *follower, p.match()))
    violated("I11", name(site.id) + " in " + name(mind.term) + " believes that " + name(p.id()) +
                        " has its log through " + name(p.match()));
}

// What a base covers is committed; if it is not, others will say so.
bool ProgressWitness::shares(const Site& leader, const Site& follower, Index index) const {
  if (index < leader.written.base.id.index || index < follower.durable.base.id.index) return true;
  const auto theirs = prefix_at(follower.durable, index);
  return theirs.has_value() && theirs == prefix_at(leader.written, index);
}

}  // namespace bowline::sim

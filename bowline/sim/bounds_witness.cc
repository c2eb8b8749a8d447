// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/bounds_witness.h"

#include <variant>

namespace bowline::sim {

void BoundsWitness::saw(const Site& site, const Mind& mind, const raft::Input& input,
                        const raft::Effects&) {
  for (const raft::Progress& p : mind.peers) {
    if (p.in_flight_messages() > options_.inflight_messages)
      return violated("I19", name(site.id) + " has " + std::to_string(p.in_flight_messages()) +
                                 " messages on their way to " + name(p.id()));
    if (p.match() == site.written.last() && !p.idle())
      return violated("I19", name(site.id) + " counts messages to " + name(p.id()) +
                                 " as on their way that were answered");
    check_patience(site, mind, p, input);
  }
}

void BoundsWitness::check_patience(const Site& site, const Mind& mind, const raft::Progress& p,
                                   const raft::Input& input) {
  const auto key = std::pair(site.id, p.id());
  if (p.mode() == raft::Progress::Mode::probing) {
    asking_[key] = {site.life, mind.term, p.match()};
    return;
  }
  const auto known = asking_.find(key);
  if (known == asking_.end()) return;
  const Asking before = known->second;
  asking_.erase(known);
  const auto* received = std::get_if<raft::Received>(&input);
  if (received == nullptr || received->from != p.id()) return;
  const auto* answer = std::get_if<raft::AppendReply>(&received->message.body);
  const bool same = before.life == site.life && before.term == mind.term;
  if (answer == nullptr || !same || p.mode() != raft::Progress::Mode::streaming) return;
  if (answer->round < p.stream() && p.match() == before.match)
    violated("I19", name(site.id) + " lets a window go to " + name(p.id()) +
                        " for an answer from before the last loss");
}

}  // namespace bowline::sim

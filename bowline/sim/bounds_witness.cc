// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/bounds_witness.h"

namespace bowline::sim {

void BoundsWitness::saw(const Site& site, const Mind& mind, const raft::Input&,
                        const raft::Effects&) {
  for (const raft::Progress& p : mind.peers) {
    if (p.in_flight_messages() > options_.inflight_messages)
      return violated("I19", name(site.id) + " has " + std::to_string(p.in_flight_messages()) +
                                 " messages on their way to " + name(p.id()));
    if (p.match() == site.written.last() && !p.idle())
      return violated("I19", name(site.id) + " counts messages to " + name(p.id()) +
                                 " as on their way that were answered");
  }
}

}  // namespace bowline::sim

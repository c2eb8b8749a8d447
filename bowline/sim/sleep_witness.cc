// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/sleep_witness.h"

namespace bowline::sim {

void SleepWitness::saw(const Site& site, const Mind& mind, const raft::Input&,
                       const raft::Effects&) {
  if (!mind.asleep) return;
  if (mind.commit < site.written.last())
    return violated("I22", name(site.id) + " sleeps, and " + name(site.written.last()) +
                               " of its log is not known to be committed");
  if (mind.role != raft::Role::leader) return;
  for (const raft::Progress& peer : mind.peers)
    if (!peer.gone() && peer.match() < site.written.last())
      return violated("I22", name(site.id) + " sleeps, and " + name(peer.id()) + " lacks entries");
}

}  // namespace bowline::sim

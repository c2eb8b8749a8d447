// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/machine_witness.h"

namespace bowline::sim {

void MachineWitness::started(const Site& site) {
  applied_[site.id] = site.snapshot.base.id.index;
  if (site.machine.applied != site.snapshot.base.id || site.machine.digest != site.snapshot.digest)
    violated("I14", "the machine of " + name(site.id) + " does not start from its snapshot");
}

void MachineWitness::applied(const Site& site, const Line& line) {
  Index& before = applied_[site.id];
  const Index now = line.entry.id.index;
  if (now != before.next())
    return violated("I14", name(site.id) + " applies " + name(now) + " after " + name(before));
  before = now;
  if (now > committed().last())
    return violated("I5", name(site.id) + " applies " + name(now) + ", which is not committed");
  if (!committed().agrees(now, line.prefix))
    return violated("I5", name(site.id) + " applies another entry at " + name(now) +
                              " than the one that was committed there");
  if (site.machine.applied != line.entry.id || !committed().agrees(now, site.machine.digest))
    violated("I21", "the machine of " + name(site.id) + " has another state at " + name(now) +
                        " than a replay gives");
}

void MachineWitness::snapshot_installed(const Site& site) {
  Index& before = applied_[site.id];
  const Index now = site.machine.applied.index;
  if (now < before)
    return violated("I14", "a snapshot took the machine of " + name(site.id) + " back from " +
                               name(before) + " to " + name(now));
  before = now;
}

}  // namespace bowline::sim

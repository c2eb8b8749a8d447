// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/snapshot_witness.h"

#include "bowline/words/describe.h"

namespace bowline::sim {

void SnapshotWitness::started(const Site& site) {
  check(site, site.durable.base, site.durable.base_prefix, "starts with a log after");
  check(site, site.snapshot.base, site.snapshot.digest, "starts with a snapshot of");
  if (site.snapshot.base.id.index < site.durable.base.id.index)
    violated("I13", name(site.id) + " starts with a log that begins after its snapshot ends");
}

void SnapshotWitness::persisted(const Site& site, Seq) {
  if (site.snapshot.base.id.index < site.durable.base.id.index)
    violated("I13", name(site.id) + " dropped entries that no snapshot of its own covers");
}

void SnapshotWitness::snapshot_taken(const Site& site) {
  check(site, site.snapshot.base, site.snapshot.digest, "took a snapshot of");
}

void SnapshotWitness::snapshot_installed(const Site& site) {
  check(site, site.snapshot.base, site.snapshot.digest, "installed a snapshot of");
  if (site.machine.applied != site.snapshot.base.id || site.machine.digest != site.snapshot.digest)
    violated("I13", name(site.id) + " has a machine that is not the snapshot it installed");
}

void SnapshotWitness::saw(const Site& site, const Mind&, const raft::Input&,
                          const raft::Effects& effects) {
  const raft::Persist* write = write_of(effects);
  if (write == nullptr || !write->base) return;
  check(site, *write->base, site.written.base_prefix, "lets its log begin after");
}

void SnapshotWitness::check(const Site& site, const raft::Base& base, std::uint64_t digest,
                            const std::string& what) const {
  const Index index = base.id.index;
  if (!index) return;
  const std::string who = name(site.id) + " " + what + " " + raft::text(base.id);
  if (index > committed().last()) return violated("I13", who + ", which is not committed");
  if (committed().id_at(index) != base.id)
    return violated("I13",
                    who + ", and the entry there is " + raft::text(committed().id_at(index)));
  if (!committed().agrees(index, digest))
    return violated("I13", who + ", with another state than a replay gives");
  const raft::Config& config = committed().membership_at(index);
  if (base.membership == nullptr || *base.membership != *config.membership ||
      base.membership_index != config.at)
    violated("I13", who + ", with another membership than the one of " + name(config.at));
}

}  // namespace bowline::sim

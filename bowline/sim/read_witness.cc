// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/read_witness.h"

#include <algorithm>

namespace bowline::sim {

void ReadWitness::write_begun(Ticket ticket, const Bytes& command) {
  writes_[ticket].push_back(command);
}

void ReadWitness::write_ended(Ticket ticket, raft::Outcome outcome) {
  if (outcome == raft::Outcome::committed)
    for (const Bytes& command : writes_[ticket])
      told_ = std::max(told_, committed().find(command.view()));
  writes_.erase(ticket);
}

void ReadWitness::read_begun(Ticket ticket, const Site&, raft::ReadKind kind) {
  reads_[ticket] = {kind, told_, committed().term()};
}

void ReadWitness::read_served(Ticket ticket, const Site& site) {
  const auto at = reads_.find(ticket);
  if (at == reads_.end()) return;
  const Read read = at->second;
  reads_.erase(at);
  if (read.kind == raft::ReadKind::verify) {
    // Whoever led it, a newer term had committed something before the question came.
    if (site.written.hard.term < read.term)
      violated("I18", name(site.id) + " says that it leads, and it is in " +
                          name(site.written.hard.term) + ", while " + name(read.term) +
                          " has committed");
    return;
  }
  const Index seen = site.machine.applied.index;
  if (seen < read.least)
    return violated("I18", name(site.id) + " serves a read from " + name(seen) +
                               ", and a client knew of " + name(read.least) +
                               " before the read began");
  told_ = std::max(told_, seen);
}

void ReadWitness::forced(const Site&, ClusterId) {
  told_ = std::min(told_, committed().last());
  for (auto& [ticket, read] : reads_) {
    read.least = std::min(read.least, committed().last());
    read.term = std::min(read.term, committed().term());
  }
}

}  // namespace bowline::sim

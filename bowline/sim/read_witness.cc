// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/read_witness.h"

#include <algorithm>
#include <iterator>

namespace bowline::sim {

void ReadWitness::write_begun(Ticket ticket, const Bytes& command) {
  writes_[ticket].push_back(command);
}

void ReadWitness::write_ended(Ticket ticket, raft::Outcome outcome) {
  if (outcome == raft::Outcome::committed)
    for (const Bytes& command : writes_[ticket]) tell(committed().find(command.view()));
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
  tell(seen);
}

void ReadWitness::tell(Index index) {
  if (index <= told_) return;
  told_ = index;
  known_.push_back({court().true_time(), index});
}

void ReadWitness::old_read_served(const Site& site, Duration at_most) {
  const Time now = court().true_time();
  const auto since = std::ranges::upper_bound(
      known_, now, {}, [at_most](const Known& known) { return known.since + at_most; });
  const Index least = since == known_.begin() ? Index{} : std::prev(since)->told;
  const Index seen = site.machine.applied.index;
  if (seen < least)
    return violated("I18", name(site.id) + " serves a read from " + name(seen) + ", and " +
                               name(least) + " was known for longer than the read may be old");
  tell(seen);
}

void ReadWitness::forced(const Site&, ClusterId) {
  told_ = std::min(told_, committed().last());
  for (Known& known : known_) known.told = std::min(known.told, told_);
  for (auto& [ticket, read] : reads_) {
    read.least = std::min(read.least, committed().last());
    read.term = std::min(read.term, committed().term());
  }
}

}  // namespace bowline::sim

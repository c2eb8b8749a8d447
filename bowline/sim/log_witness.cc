// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/log_witness.h"

#include <algorithm>
#include <variant>

#include "bowline/sim/hash.h"
#include "bowline/words/describe.h"

namespace bowline::sim {

void LogWitness::saw(const Site& site, const Mind& mind, const raft::Input& input,
                     const raft::Effects& effects) {
  // A recovery may name an entry as the former cluster named another, see forced().
  const bool recovers = std::holds_alternative<raft::Recover>(input);
  const raft::Persist* write = write_of(effects);
  if (write != nullptr && !recovers) note_write(site, *write);
  if (elected(effects)) check_completeness(site, mind);
  follow_reign(site, mind);
}

void LogWitness::note_write(const Site& site, const raft::Persist& write) {
  if (write.base) note(site, site.written.base.id, site.written.base_prefix);
  for (const raft::Batch* batch : {&write.repaired, &write.entries}) {
    for (const raft::Entry& entry : *batch) {
      const Line* line = site.written.at(entry.id.index);
      if (line == nullptr || line->entry.id != entry.id)
        return violated("I3", name(site.id) + " wrote " + raft::text(entry.id) +
                                  ", and its log does not have it");
      note(site, entry.id, line->prefix);
    }
  }
}

// The same index and term: the same log through here, wherever it is.
void LogWitness::note(const Site& site, LogId id, std::uint64_t prefix) {
  if (const std::uint64_t* other = known(id)) {
    if (*other != prefix)
      violated("I3", name(site.id) + " has another log through " + raft::text(id) +
                         " than somebody else has or had");
    return;
  }
  if (lines_.size() <= id.index.value) lines_.resize(id.index.value + 1);
  lines_[id.index.value].emplace_back(id.term, prefix);
}

const std::uint64_t* LogWitness::known(LogId id) const {
  if (lines_.size() <= id.index.value) return nullptr;
  const auto& terms = lines_[id.index.value];
  const auto at = std::ranges::find(terms, id.term, &std::pair<Term, std::uint64_t>::first);
  return at == terms.end() ? nullptr : &at->second;
}

void LogWitness::follow_reign(const Site& site, const Mind& mind) {
  if (mind.role != raft::Role::leader) return;
  Reign& reign = leaders_[site.id];
  const Image& log = site.written;
  if (reign.life == site.life && reign.term == mind.term) {
    const auto before = prefix_at(log, reign.last);
    const bool compacted = log.base.id.index > reign.last;
    if (!compacted && before != reign.prefix)
      return violated("I2", name(site.id) + " leads " + name(mind.term) +
                                " and changed its own log before " + name(reign.last));
  }
  reign = {site.life, mind.term, log.last(), prefix_at(log, log.last()).value_or(0)};
}

void LogWitness::check_completeness(const Site& site, const Mind& mind) {
  if (mind.damaged)
    return violated("I4", name(site.id) + " leads " + name(mind.term) + " with a damaged log");
  const Index least = committed().before(mind.term);
  if (least <= site.written.base.id.index) return;
  const auto prefix = prefix_at(site.written, least);
  if (!prefix || !committed().agrees(least, *prefix))
    violated("I4", name(site.id) + " leads " + name(mind.term) + " without " + name(least) +
                       ", which was committed in a term before");
}

// A new cluster begins, with the log of this site. It goes on counting terms from its own, of which
// the former cluster may have had some that this site never heard of.
void LogWitness::forced(const Site& site, ClusterId) {
  const Line& first = site.durable.lines.back();
  for (auto& terms : lines_)
    std::erase_if(terms, [&](const auto& known) { return known.first >= first.entry.id.term; });
  note(site, first.entry.id, first.prefix);
}

// What leaves as an append of some term must be a piece of the log that led that term.
void LogWitness::sent(const Site& site, NodeId to, const raft::Message& message) {
  const auto* append = std::get_if<raft::AppendRequest>(&message.body);
  if (append == nullptr) return;
  LogId prev = append->prev;
  const std::uint64_t* prefix = known(prev);
  std::uint64_t hash = prefix != nullptr ? *prefix : 0;
  for (const raft::Entry& entry : append->entries) {
    const bool fits = entry.id.index == prev.index.next() && entry.id.term >= prev.term &&
                      entry.id.term <= message.term;
    hash = extended(hash, entry);
    const std::uint64_t* there = known(entry.id);
    const bool same = there != nullptr && *there == hash;
    if (!fits || !same)
      return violated("I3", name(site.id) + " sends " + name(to) + " in " + name(message.term) +
                                " an entry " + raft::text(entry.id) + " after " + raft::text(prev) +
                                " that was never there in any log");
    prev = entry.id;
  }
}

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/commit_witness.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace bowline::sim {

void CommitWitness::started(const Site& site) {
  if (!site.durable.base.id.index && site.durable.base.membership != nullptr)
    record_->begin(site.durable.base.membership);
  const Index base = site.durable.base.id.index;
  lives_[site.id] = {.commit = base,
                     .released = base,
                     .durable = site.durable.last(),
                     .led = {},
                     .membership = nullptr};
  recount(site);
}

void CommitWitness::persisted(const Site& site, Seq) {
  lives_[site.id].durable = site.durable.last();
  recount(site);
}

void CommitWitness::wiped(const Site& site, Incarnation former) {
  losses_[site.id].push_back({former, lives_[site.id].durable});
  lives_[site.id] = {};
}

void CommitWitness::saw(const Site& site, const Mind& mind, const raft::Input& input,
                        const raft::Effects& effects) {
  if (std::holds_alternative<raft::Recover>(input)) {
    owed_ = {};
    for (std::uint64_t i = 1; i <= court().sites(); ++i)
      owed_ = std::max(owed_, decided_on(court().site(NodeId{i})->durable));
  }
  Life& life = lives_[site.id];
  if (mind.commit < life.commit)
    return violated("I6", name(site.id) + " took its commit back from " + name(life.commit) +
                              " to " + name(mind.commit));
  if (mind.commit > site.written.last())
    return violated("I6", name(site.id) + " commits past the end of its log");
  if (mind.commit > life.commit) record(site, mind, life);
  life.commit = mind.commit;
  life.led = mind.role == raft::Role::leader ? mind.term : Term{};
  life.membership = mind.config.membership;
  for (const raft::Effect& effect : effects) {
    const auto* commit = std::get_if<raft::Commit>(&effect);
    if (commit == nullptr) continue;
    if (commit->through <= life.released || commit->through > mind.commit)
      return violated("I6", name(site.id) + " hands out " + name(commit->through) +
                                " as committed"
                                " after " +
                                name(life.released) + ", but its commit is " + name(mind.commit));
    life.released = commit->through;
  }
}

void CommitWitness::record(const Site& site, const Mind& mind, const Life& before) {
  const bool news = mind.commit > record_->last();
  // What it commits may be that it leads no longer.
  if (news && mind.role != raft::Role::leader && before.led != mind.term)
    return violated("I5", name(site.id) + " takes " + name(mind.commit) +
                              " as committed, which no leader has committed");
  while (mind.commit > record_->last()) {
    const Line* line = site.written.at(record_->last().next());
    if (line == nullptr)
      return violated("I5", name(site.id) + " commits " + name(mind.commit) +
                                ", but its log begins after what was committed before");
    record_->append(*line, mind.term);
  }
  const auto prefix = prefix_at(site.written, mind.commit);
  if (prefix && !record_->agrees(mind.commit, *prefix))
    return violated("I5", name(site.id) + " commits another entry at " + name(mind.commit) +
                              " than the one that was committed there");
  if (news) decide(site, mind, before.membership);
}

// A leader has moved the commit of the group. It counted before it appended another membership in
// the same step, or after.
void CommitWitness::decide(const Site& site, const Mind& mind, const raft::MembershipPtr& before) {
  if (record_->id_at(mind.commit).term != mind.term)
    return violated("I10", name(site.id) + " in " + name(mind.term) + " commits an entry of " +
                               name(record_->id_at(mind.commit).term) +
                               " by counting, which a later leader may overrule");
  decisions_.push_back(mind.commit);
  newest_ = {mind.commit, mind.term, mind.config.membership, 0};
  if (has_quorum(newest_)) return;
  if (before != nullptr && before != mind.config.membership) {
    newest_ = {mind.commit, mind.term, before, 0};
    if (has_quorum(newest_)) return;
  }
  violated("I10", name(site.id) + " commits " + name(mind.commit) + " in " + name(mind.term) +
                      ", which is not on the disks of a quorum");
}

bool CommitWitness::has_quorum(Decision& decision) const {
  const auto& members = decision.membership->members;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (holds(members[i], decision.index)) decision.holders |= 1ULL << i;
  return is_quorum(*decision.membership, decision.holders);
}

// A disk has changed. If it no longer holds the newest decision, the others must be enough.
void CommitWitness::recount(const Site& site) {
  if (newest_.membership == nullptr) return;
  const auto& members = newest_.membership->members;
  const auto at = std::ranges::find(members, site.id, &raft::Member::id);
  if (at == members.end()) return;
  const MemberSet bit = 1ULL << static_cast<unsigned>(at - members.begin());
  const bool held = (newest_.holders & bit) != 0;
  if (holds(*at, newest_.index)) {
    newest_.holders |= bit;
  } else if (held) {
    newest_.holders &= ~bit;
    if (!is_quorum(*newest_.membership, newest_.holders))
      violated("I10", name(site.id) + " no longer has " + name(newest_.index) +
                          " on its disk, and so it is not on the disks of a quorum");
  }
}

// A disk that was lost counts as holding what it held: that is a fault within the budget. But only
// for the life that it was; a new life under the same id has promised nothing.
bool CommitWitness::holds(const raft::Member& member, Index index) const {
  const Site* site = court().site(member.id);
  if (site == nullptr) return false;
  if (!member.incarnation || member.incarnation == site->incarnation) {
    const Image& disk = site->durable;
    if (disk.base.id.index >= index) return true;
    const auto prefix = prefix_at(disk, index);
    if (prefix && record_->agrees(index, *prefix)) return true;
  }
  const auto lost = losses_.find(member.id);
  return lost != losses_.end() && std::ranges::any_of(lost->second, [&](const Loss& loss) {
           return loss.reached >= index &&
                  (!member.incarnation || member.incarnation == loss.incarnation);
         });
}

Index CommitWitness::shared(const Image& image) const {
  Index index = std::min(image.last(), record_->last());
  while (index > image.base.id.index && !record_->agrees(index, image.at(index)->prefix))
    index = index.prev();
  return index;
}

Index CommitWitness::decided_on(const Image& image) const {
  const auto after = std::ranges::upper_bound(decisions_, shared(image));
  return after == decisions_.begin() ? Index{} : *std::prev(after);
}

// An operator made this replica the whole group: its log is the truth from now on. What it lacks is
// lost, and may be, if no other disk was left that held a decision on it. All that it has stays.
void CommitWitness::forced(const Site& site, ClusterId) {
  const Index kept = shared(site.durable);
  if (kept < owed_)
    return violated("I5", name(site.id) + " goes on alone without " + name(owed_) +
                              ", which another disk held when it was told to");
  if (kept < lives_[site.id].commit)
    return violated("I6", name(site.id) + " goes on alone without " + name(lives_[site.id].commit) +
                              ", which it had committed");
  record_->forget_after(kept, site.durable.lines.back().entry.id.term);
  std::erase_if(decisions_, [&](Index decision) { return decision > kept; });
  std::erase_if(lives_, [&](const auto& life) { return life.first != site.id; });
  newest_ = {};
  losses_.clear();
}

}  // namespace bowline::sim

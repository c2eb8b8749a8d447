// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/raft/core.h"

namespace bowline::raft {

// Our own snapshot is durable through here: the log may begin after it. The membership goes along,
// since the entry that brought it may be gone now.
void Core::on(Compacted& in) {
  if (in.through <= outline_.base().index) return;
  ensure(in.through <= released_);
  const Base base = base_at(in.through);
  draft().base = base;
  if (planted(Bug::p61_base_without_membership)) draft().base->membership = nullptr;
  memberships_.rebase(in.through);
  damage_.rebase(in.through);
  missing_.rebase(in.through);
  outline_.rebase(base.id);
}

// A follower needs what our log no longer has. The offer is repeated with each heartbeat, and is
// one.
void Core::send_offer(Progress& p) {
  const Base base = base_at(outline_.base().index);
  p.snapshot_begun(base.id.index);
  send(p.id(), SnapshotOffer{base, commit_, leader_role()->round});
}

void Core::hear(NodeId from, const Message& m, SnapshotOffer& in) {
  if (!heed_leader(from, m, in.round)) return;
  Follower& f = *follower_role();
  f.owes_answer = true;
  const Index through = in.base.id.index;
  if (contradicts(in.base.id))
    return impossible(Wrong::conflict_below_commit, from,
                      "a snapshot through entry " + std::to_string(through.value) + " of term " +
                          std::to_string(in.base.id.term.value) + " contradicts a committed entry");
  if (!damaged_through(through)) {
    // What is committed, and an entry that we share, match in every leader's log.
    if (through <= commit_ && !planted(Bug::p21_installs_older_snapshot)) {
      f.verified = std::max(f.verified, commit_);
      learn_commit(in.commit);
      return;
    }
    if (outline_.contains(in.base.id) && !planted(Bug::p21_installs_older_snapshot)) {
      f.verified = std::max(f.verified, through);
      commit_ = std::max(commit_, through);
      learn_commit(in.commit);
      return;
    }
  }
  if (restoring_ && *restoring_ >= in.base.id) return;
  restoring_ = Boxed(in.base.id);
  emit(Restore{from, std::move(in.base)});
}

bool Core::contradicts(LogId committed) const {
  return committed.index >= outline_.base().index && committed.index <= commit_ &&
         !outline_.contains(committed) && !planted(Bug::p21_installs_older_snapshot);
}

bool Core::damaged_through(Index index) const { return damage_.any() && damage_.first() <= index; }

void Core::on(Restored& in) {
  if (restoring_ && *restoring_ <= in.base.id) restoring_.reset();
  if (election_at_ == never) rearm_election();
  const bool older = in.base.id.index <= commit_ && !damaged_through(in.base.id.index);
  if (older && !planted(Bug::p21_installs_older_snapshot)) return;
  if (in.base.id.index < outline_.base().index && !planted(Bug::p21_installs_older_snapshot))
    return;
  // What was fetched may be newer than what was offered, and known to be committed in a newer term
  // only: a leader of ours may have other entries there.
  if (const Term newest = std::max(in.base.id.term, in.base.known_in); newest > hard_.term)
    enter(newest);
  if (contradicts(in.base.id))
    return impossible(Wrong::conflict_below_commit, {}, "a snapshot contradicts a committed entry");
  if (candidate_role() != nullptr) follow({});  // the ballots are of another membership
  // A leader has every committed entry; for anybody else the log may be replaced.
  ensure(leader_role() == nullptr || outline_.contains(in.base.id));
  install(in.base);
}

// One write, whatever the log looks like: an entry that we share keeps what follows it; else
// nothing of the log remains (Raft, figure 13). Two writes could leave a log with a hole.
void Core::install(const Base& base) {
  draft().base = base;
  const Index through = base.id.index;
  if (outline_.contains(base.id) && !planted(Bug::p21_installs_older_snapshot)) {
    memberships_.insert({base.membership_index, base.membership});  // ours may be what was lost
    memberships_.rebase(through);
    outline_.rebase(base.id);
    damage_.rebase(through);
    missing_.rebase(through);
  } else {
    draft().discard = true;
    tickets_.give_up(*effects_);
    outline_.restart_from(base.id);
    memberships_.restart_from(base);
    damage_ = {};
    missing_ = {};
    was_member_ = was_member_ || counts_on_us(membership());
    if (base.membership_index > commit_) emit(MembershipChanged{memberships_.latest(), false});
    if (planted(Bug::p21_installs_older_snapshot)) commit_ = released_ = through;
  }
  commit_ = std::max(commit_, through);
  released_ = std::max(released_, through);  // the machine has it from the snapshot
  if (Follower* f = follower_role()) {
    f->verified =
        std::min(std::max(f->verified, f->leader ? through : Index{}), outline_.last().index);
    f->acked = std::min(f->acked, f->verified);
  }
}

void Core::on(RestoreFailed& in) {
  if (restoring_ && in.through && *restoring_ != *in.through) return;  // a newer one is under way
  restoring_.reset();                                                  // the next offer starts over
  if (election_at_ == never) rearm_election();
}

void Core::on(SnapshotEnded& in) {
  if (leader_role() == nullptr) return;
  Progress* p = peer(in.to);
  if (p == nullptr || p->mode() != Progress::Mode::snapshot) return;
  p->snapshot_ended();
  replicate(*p);
}

}  // namespace bowline::raft

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "bowline/base/mutant.h"
#include "bowline/host/bugs.h"
#include "bowline/host/destroyed.h"
#include "bowline/host/shard.h"

// How a group leaves this node: it ends, and what it has on the disk stays; or it is destroyed.
namespace bowline::host {
namespace {

constexpr Seq last_of_destroyed{2};

raft::Persist note_of(std::uint64_t life, Seq seq) {
  raft::Persist write;
  write.seq = seq;
  write.hard_state = raft::HardState{Term{life}, {}, {}};
  return write;
}

}  // namespace

void Shard::end(GroupId group) {
  if (auto begins = beginning_.extract(group); !begins.empty()) {
    ended_.insert(group);
    snapshots_->stop(group);  // which may be filling its machine
    begins.mapped().done(std::unexpected(Error{Fault::not_found, "the group was ended"}));
  }
  auto ends = replicas_.extract(group);
  if (ends.empty()) return;
  ended_.insert(group);
  // Those who sleep would not notice. A leader that is asked for anything wakes them.
  if (const raft::Core& core = ends.mapped()->core();
      core.hibernates() && core.role() == raft::Role::leader)
    ends.mapped()->input(raft::ForgetLeader{});
  transfers_->stop(group);
  snapshots_->stop(group);
  due_.erase(group);
  ends.mapped()->end();
  tell(group, GroupEnded{});
  bury(std::move(ends.mapped()));
}

void Shard::bury(std::unique_ptr<Replica> replica) {
  if (dead_.empty())
    env_.loop.soon(life_.guard([this] {
      for (std::unique_ptr<Replica>& dead : std::exchange(dead_, {})) {
        const GroupId group = dead->group();
        dead.reset();
        if (hooks_.gone) hooks_.gone(group);
      }
    }));
  dead_.push_back(std::move(replica));
}

bool Shard::has(GroupId group) const {
  if (replicas_.contains(group) || beginning_.contains(group) || destroying_.contains(group))
    return true;
  if (found_.contains(group) || ended_.contains(group)) return true;
  const std::vector<GroupId> kept = snapshots_->groups();
  return std::ranges::find(kept, group) != kept.end();
}

// ---- destroying

// That it is gone is noted before it goes, so that no crash leaves a disk which could play the same
// member again without knowing what that has promised. And once more behind it, since of what is
// written last we hear last.
void Shard::destroy(GroupId group, env::Done<Result<void>> done) {
  const auto refuse = [&](Fault fault, const char* why) {
    env_.loop.soon(life_.guard([done = std::move(done), error = Error{fault, why}]() mutable {
      done(std::unexpected(std::move(error)));
    }));
  };
  if (broken_) return refuse(Fault::io, "the disk of this node has failed");
  if (!group || is_note_of_destroyed(group))
    return refuse(Fault::invalid, "the id of a group must be above 0, and less than 2^63");
  auto& waiting = destroying_[group];
  waiting.push_back(std::move(done));
  if (waiting.size() > 1) return;
  end(group);
  ended_.insert(group);  // until it is done
  found_.erase(group);
  const std::uint64_t life = ++lives_[group];
  log_->submit(note_of_destroyed(group), note_of(life, last_of_destroyed.prev()));
  if (!planted(p95_destroy_leaves_the_log)) log_->forget(group);
  log_->submit(note_of_destroyed(group), note_of(life, last_of_destroyed));
  log_->flush();
}

// Only now its snapshots go: else a crash could leave its log without the state behind which it
// begins.
void Shard::gone_from_log(GroupId group, Seq seq) {
  if (!destroying_.contains(group) || seq < last_of_destroyed) return;
  transfers_->forget(group);
  snapshots_->forget(
      group, life_.guard([this, group](const Result<void>& gone) { destroyed(group, gone); }));
}

// Whoever is told may start it at once, and must not do so in the midst of anything.
void Shard::destroyed(GroupId group, const Result<void>& gone) {
  env_.loop.soon(life_.guard([this, group, gone] {
    auto over = destroying_.extract(group);
    if (over.empty()) return;  // the disk failed
    if (gone) {
      ended_.erase(group);
      tell(group, GroupDestroyed{});
    }
    for (auto& done : over.mapped()) done(gone);
  }));
}

// Of a group that was destroyed, and has nothing in the log, a crash may have left snapshots. They
// go before it can start: what it is now has never seen them.
void Shard::clear_away(wal::Account account, env::Done<Result<wal::Account>> done) {
  const auto is_left = [this](GroupId group) {
    return lives_.contains(group) && !found_.contains(group);
  };
  for (const GroupId group : snapshots_->groups()) {
    if (!is_left(group)) continue;
    return snapshots_->forget(
        group,
        life_.guard([this, account, done = std::move(done)](const Result<void>& gone) mutable {
          if (!gone) return done(std::unexpected(gone.error()));
          clear_away(account, std::move(done));
        }));
  }
  listen(std::move(account), std::move(done));
}

// The same for all of this life, and of no other.
Incarnation Shard::life_of(GroupId group) const {
  const auto found = lives_.find(group);
  if (found == lives_.end()) return disk_;
  const std::uint64_t mixed = disk_.value + found->second * 0x9e3779b97f4a7c15;
  return {mixed == 0 ? 1 : mixed};
}

}  // namespace bowline::host

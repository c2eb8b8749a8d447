// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "bowline/host/mark.h"
#include "bowline/host/replica.h"

// The snapshots of a group: when one of our own is due, and what the log lets go of then; and those
// of other nodes, which take the place of our state.
namespace bowline::host {

// ---- of our own

void Replica::snapshot_if_due() {
  snapshot_in_time();
  if (taking_ || installing_ || stateless_ || applied().index < not_before_) return;
  const std::uint64_t entries = applied().index - snapshot_.index;
  const bool by_entries = options_.snapshot_entries > 0 && entries >= options_.snapshot_entries;
  const bool by_bytes = options_.snapshot_bytes > 0 && applied_bytes_ >= options_.snapshot_bytes;
  if (by_bytes || (by_entries && is_worth_a_snapshot())) take_snapshot({});
}

// Set when there is something that the newest snapshot lacks: a group at rest has no timer.
void Replica::snapshot_in_time() {
  if (ages_ || options_.snapshot_every <= Duration{0} || applied().index <= snapshot_.index) return;
  ages_ = true;
  aged_since_ = desks_.env.clock.now();
  set_age();
}

void Replica::set_age() {
  if (!age_timer_) age_timer_ = desks_.env.loop.timer([this] { snapshot_is_old(); });
  const bool counts = ages_ && options_.snapshot_every > Duration{0};
  desks_.env.loop.set(age_timer_, counts ? aged_since_ + options_.snapshot_every : never);
}

void Replica::no_age() {
  if (std::exchange(ages_, false)) set_age();
}

// A machine that keeps its state may have more than is known to be committed, after a start.
void Replica::snapshot_is_old() {
  ages_ = false;
  const bool is_known = applied().index <= core_.commit();
  if (taking_ || installing_ || stateless_ || !is_known) return snapshot_in_time();
  if (options_.snapshot_every > Duration{0} && applied().index > snapshot_.index) take_snapshot({});
}

bool Replica::is_worth_a_snapshot() const {
  const Manifest* const newest = desks_.snapshots.newest(group_);
  return newest == nullptr || applied_bytes_ >= newest->bytes * options_.snapshot_permille / 1000;
}

void Replica::take_snapshot(env::Done<Result<raft::Base>> done) {
  if (const std::optional<Error> why = cannot_go_on()) {
    if (done) done(std::unexpected(*why));
    return;
  }
  if (done) want_snapshot_.push_back(std::move(done));
  if (taking_ || installing_) return;
  const Index at = applied().index;
  const bool possible = !stateless_ && at > snapshot_.index && at >= core_.outline().base().index &&
                        at <= core_.commit();
  if (!possible) {
    const Error why{Fault::not_found, "there is nothing new to make a snapshot of"};
    for (auto& wants : std::exchange(want_snapshot_, {})) wants(std::unexpected(why));
    return;
  }
  taking_ = true;
  applied_bytes_ = 0;
  no_age();
  const raft::Base base = core_.base_at(at);
  desks_.snapshots.take(
      group_, base, machine_.snapshot(),
      life_.guard([this, base](const Result<void>& taken) { snapshot_taken(base, taken); }));
  hooks_.busy();
}

// It is durable; only now may the log forget what it covers.
void Replica::snapshot_taken(const raft::Base& base, const Result<void>& taken) {
  taking_ = false;
  auto wants = std::exchange(want_snapshot_, {});
  if (!taken) {
    if (taken.error().fault == Fault::io) hooks_.broken(taken.error());
    hooks_.news(group_, SnapshotFailed{taken.error().what});
    not_before_ = applied().index + std::max<std::uint64_t>(options_.snapshot_entries / 8, 1);
    snapshot_in_time();
    for (auto& want : wants) want(std::unexpected(taken.error()));
    return;
  }
  for (auto& want : wants) want(base);
  if (base.id.index <= snapshot_.index) return;  // one came from another node meanwhile
  snapshot_ = base.id;
  ++desks_.meters.counters.snapshots_taken;
  if (desks_.onlooker != nullptr) desks_.onlooker->snapshot_taken(*this, base);
  hooks_.news(group_, SnapshotTaken{base});
  compact();
}

void Replica::press(bool full, bool by_snapshot) {
  pressed_ = full;
  if (!full) return;
  compact();
  if (by_snapshot && applied().index > snapshot_.index) take_snapshot({});
}

// The log forgets what the snapshot covers, but for what somebody will need soon. The snapshot may
// be ahead of what the core knows to be committed, after a start: then it has to hear of that
// first.
void Replica::compact() {
  const std::uint64_t kept = pressed_ ? 0 : options_.keep_entries;
  if (snapshot_.index.value <= kept) return;
  const Index through{snapshot_.index.value - kept};
  if (through <= core_.outline().base().index) return;
  const raft::Damage& damage = core_.damage();
  const bool is_known = through <= core_.commit() && (!damage.any() || through < damage.first());
  compaction_waits_ = !is_known || (!pressed_ && is_lacking(through));
  if (!compaction_waits_) input(raft::Compacted{through});
}

// Does somebody lack an entry through here who will be there soon?
bool Replica::is_lacking(Index through) const {
  if (core_.role() != raft::Role::leader) return false;
  const raft::Outline& log = core_.outline();
  if (log.weight(log.base().index, log.last().index) > options_.keep_bytes_for_members)
    return false;
  // Who is silent for so long may be gone for good.
  const Time now = desks_.env.clock.now();
  return std::ranges::any_of(core_.peers(), [&](const raft::Progress& peer) {
    return peer.match() < through && now - peer.heard() < 2 * options_.raft->election;
  });
}

// ---- of others

void Replica::fetched(LogId through, Result<raft::Base> base) {
  if (base) return install(*std::move(base));
  if (base.error().fault == Fault::io) hooks_.broken(base.error());
  hooks_.news(group_, SnapshotNotFetched{through, base.error().what});
  input(raft::RestoreFailed{through});
}

// What the log does not hold any more only the others have. Until then we follow, vote and even
// lead, but apply nothing, and serve no read.
void Replica::fetch_state() {
  if (!stateless_) return;
  raft::Base base = core_.base_at(core_.outline().base().index);
  base.membership = core_.memberships().latest().membership;
  hooks_.restore_state(group_, base);
}

// A forced recovery makes our log the truth. A snapshot that was asked for before may be of what
// the log does not have, and nobody has any more.
void Replica::give_up_fetched() {
  hooks_.stop_fetching(group_);
  if (stateless_)
    state_fetched(std::unexpected(Error{Fault::not_found, "the group was recovered"}));
}

// It knows more than our log, and our own snapshot is gone for it: nobody may decide without it.
bool Replica::awaits_newer_state() const {
  const Manifest* const newest = desks_.snapshots.newest(group_);
  return installing_ || (newest != nullptr && newest->base.id.index > applied().index);
}

bool Replica::contradicts(LogId id) const {
  const auto term = core_.outline().term_at(id.index);
  return id.index <= core_.commit() && term && *term != id.term;
}

void Replica::state_fetched(Result<raft::Base> base) {
  if (base && contradicts(base->id)) {
    desks_.snapshots.forget(group_);
    base = std::unexpected(Error{Fault::corrupt, "it is of a history that was given up"});
  }
  if (base) return install(*std::move(base));
  if (base.error().fault == Fault::io) return hooks_.broken(base.error());
  if (!state_timer_) state_timer_ = desks_.env.loop.timer([this] { fetch_state(); });
  desks_.env.loop.set(state_timer_, desks_.env.clock.now() + std::chrono::milliseconds(500));
}

// Nothing is applied while the state is replaced. It is not, if it was further by itself. One after
// the other: an older one that takes longer must not end last.
void Replica::install(raft::Base base) {
  if (failure_) return;
  if (installing_) {
    install_next_ = std::make_unique<raft::Base>(std::move(base));
    return;
  }
  if (base.id.index <= applied().index) {
    snapshot_ = std::max(snapshot_, base.id);
    if (desks_.onlooker != nullptr) desks_.onlooker->snapshot_installed(*this, base, false);
    hooks_.news(group_, SnapshotInstalled{base, false});
    return input(raft::Restored{std::move(base)});
  }
  applier_.hold();
  installing_ = true;
  desks_.snapshots.load(
      group_, machine_.restore(),
      life_.guard([this, base](Result<raft::Base> loaded) { installed(base, std::move(loaded)); }));
  hooks_.busy();
}

// What was loaded is the newest that there is, and may be newer than what was asked for.
void Replica::installed(const raft::Base& wanted, Result<raft::Base> loaded) {
  installing_ = false;
  if (!loaded) {
    applier_.release();
    if (loaded.error().fault == Fault::io) hooks_.broken(loaded.error());
    input(raft::RestoreFailed{wanted.id});
    if (stateless_) state_fetched(std::unexpected(Error{Fault::corrupt, "it could not be read"}));
    return install_waiting();
  }
  snapshot_ = std::max(snapshot_, loaded->id);
  applied_bytes_ = 0;
  no_age();
  if (machine_.durable() != nullptr) machine_.durable()->mark(encode_mark(group_, *loaded));
  applier_.restored(loaded->id);
  applier_.release();
  if (std::exchange(stateless_, false)) applier_.release();
  waiters_.restored(loaded->id.index);
  if (desks_.onlooker != nullptr) desks_.onlooker->snapshot_installed(*this, *loaded, true);
  ++desks_.meters.counters.snapshots_installed;
  hooks_.news(group_, SnapshotInstalled{*loaded, true});
  input(raft::Restored{*std::move(loaded)});
  install_waiting();
}

void Replica::install_waiting() {
  if (install_next_) return install(*std::exchange(install_next_, nullptr));
  if (!want_snapshot_.empty()) take_snapshot({});
}

}  // namespace bowline::host

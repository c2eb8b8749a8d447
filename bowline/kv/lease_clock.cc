// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/lease_clock.h"

#include <algorithm>
#include <chrono>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"

namespace bowline::kv {
namespace {

// Longer ones than this are as good as endless, and no arithmetic overflows below it.
constexpr std::int64_t longest_seconds = 9'000'000'000 - 1;

Duration seconds(std::int64_t count) {
  return std::chrono::seconds(std::clamp<std::int64_t>(count, 0, longest_seconds));
}

Time later(Time from, Duration by) { return by >= never - from ? never : from + by; }

}  // namespace

LeaseClock::LeaseClock(Leases& leases) : leases_(leases) { leases_.observe(this); }
LeaseClock::~LeaseClock() { leases_.observe(nullptr); }

void LeaseClock::lead(std::uint64_t term, Time now, Duration grace) {
  ensure(term != 0);
  follow();
  term_ = term;
  for (const auto& [id, lease] : leases_.all()) start(id, lease, now, grace);
}

void LeaseClock::follow() {
  term_ = 0;
  timers_.clear();
  queue_.clear();
  fresh_.clear();
  all_fresh_ = false;
}

void LeaseClock::start(LeaseId id, const Lease& lease, Time now, Duration grace) {
  const bool knows = lease.left > 0 && !planted(Bug::p85_new_leader_forgets_checkpoints);
  const std::int64_t left = knows ? std::min(lease.left, lease.ttl) : lease.ttl;
  const Time ends = later(now, seconds(left) + grace);
  timers_[id] = {.ends = ends, .ttl = lease.ttl, .checkpointed = now, .less = lease.left > 0};
  queue_.insert({ends, id});
}

void LeaseClock::tick(Time now) {
  if (all_fresh_) {
    const std::uint64_t term = term_;
    lead(term, now, Duration(0));
    return;
  }
  for (const LeaseId id : fresh_)
    if (const Lease* const lease = leases_.find(id); lease != nullptr && !timers_.contains(id))
      start(id, *lease, now, Duration(0));
  fresh_.clear();
}

std::optional<LeaseClock::Kept> LeaseClock::keep_alive(LeaseId id, Time now) {
  tick(now);
  const auto at = timers_.find(id);
  if (at == timers_.end() || at->second.due || at->second.ends <= now) return std::nullopt;
  Timer& timer = at->second;
  queue_.erase({timer.ends, id});
  timer.ends = later(now, seconds(timer.ttl));
  queue_.insert({timer.ends, id});
  timer.again = timer.less;
  const bool is_known = planted(Bug::p86_kept_alive_before_the_log_has_it);
  return Kept{.ttl = timer.ttl, .propose_first = timer.less && !is_known};
}

LeaseCheckpoint LeaseClock::all_again(LeaseId id) const {
  const Lease* const lease = leases_.find(id);
  const std::uint64_t tenure = lease == nullptr ? 0 : lease->tenure;
  return {.left = {{.id = id, .ttl = 0, .tenure = tenure}}, .term = term_};
}

std::optional<std::int64_t> LeaseClock::remaining(LeaseId id, Time now) const {
  const auto at = timers_.find(id);
  if (at == timers_.end()) {
    const Lease* const lease = leases_.find(id);  // it was granted since the last tick
    if (lease == nullptr || !leads()) return std::nullopt;
    return lease->ttl;
  }
  if (at->second.due || at->second.ends <= now) return 0;
  return std::chrono::floor<std::chrono::seconds>(at->second.ends - now).count();
}

std::vector<LeaseRevoke> LeaseClock::due(Time now, std::size_t most) {
  tick(now);
  std::vector<LeaseRevoke> revokes;
  while (!queue_.empty() && queue_.begin()->first <= now && revokes.size() < most) {
    const LeaseId id = queue_.begin()->second;
    queue_.erase(queue_.begin());
    timers_.at(id).due = true;
    revokes.push_back({.id = id, .expired_in = term_, .tenure = leases_.find(id)->tenure});
  }
  return revokes;
}

void LeaseClock::again(LeaseId id) {
  const auto at = timers_.find(id);
  if (at == timers_.end() || !at->second.due) return;
  at->second.due = false;
  queue_.insert({at->second.ends, id});
}

Time LeaseClock::deadline() const { return queue_.empty() ? never : queue_.begin()->first; }

// From when it is named here until all_again() is applied, a lease is taken for one of which the
// next leader knows too little. One whose all_again() is under way is not named: what is left of it
// would overtake that.
LeaseCheckpoint LeaseClock::checkpoint(Time now, std::int64_t least_ttl, Duration every,
                                       std::size_t most) {
  tick(now);
  LeaseCheckpoint checkpoint{.left = {}, .term = term_};
  for (auto& [id, timer] : timers_) {
    if (checkpoint.left.size() == most) break;
    if (timer.due || timer.again || timer.ttl <= least_ttl || timer.ends <= now) continue;
    if (now - timer.checkpointed < every) continue;
    const std::int64_t left = std::chrono::ceil<std::chrono::seconds>(timer.ends - now).count();
    if (left >= timer.ttl) continue;
    checkpoint.left.push_back({id, left, leases_.find(id)->tenure});
    timer.checkpointed = now;
    timer.less = true;
  }
  return checkpoint;
}

void LeaseClock::checkpointed(LeaseId id, std::int64_t left) {
  const auto at = timers_.find(id);
  if (at == timers_.end() || left != 0) return;
  at->second.less = false;
  at->second.again = false;
}

void LeaseClock::granted(LeaseId id, const Lease&) {
  if (leads()) fresh_.push_back(id);
}

void LeaseClock::revoked(LeaseId id) {
  const auto at = timers_.find(id);
  if (at == timers_.end()) return;
  queue_.erase({at->second.ends, id});
  timers_.erase(at);
}

void LeaseClock::replaced() {
  if (leads()) all_fresh_ = true;
}

}  // namespace bowline::kv

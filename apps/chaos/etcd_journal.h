// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "apps/chaos/etcd_history.h"
#include "apps/chaos/etcd_member.h"

namespace bowline::chaos {

// What all clients of one run share: whom they may call, the clock, and the history.
class EtcdJournal {
 public:
  explicit EtcdJournal(std::vector<EtcdMember*> members) : members_(std::move(members)) {}

  std::size_t size() const { return members_.size(); }
  const EtcdMember& member(std::size_t number) const { return *members_[number]; }

  static Moment now() {
    return static_cast<Moment>(std::chrono::duration_cast<std::chrono::microseconds>(
                                   std::chrono::steady_clock::now().time_since_epoch())
                                   .count());
  }

  void add(EtcdCall call) {
    const std::scoped_lock lock(mutex_);
    if (call.fate == EtcdCall::Fate::done) ++done_;
    history_.calls.push_back(std::move(call));
  }
  void add(WatchStory story) {
    const std::scoped_lock lock(mutex_);
    history_.stories.push_back(std::move(story));
  }
  std::uint64_t done() const { return done_; }
  EtcdHistory take() { return std::exchange(history_, {}); }  // when all clients are over

  // Somebody who watches all was told of this revision.
  void told(std::int64_t revision) {
    const std::scoped_lock lock(mutex_);
    if (revision <= through_) return;
    ahead_.insert(revision);
    while (!ahead_.empty() && *ahead_.begin() == through_ + 1) {
      ahead_.erase(ahead_.begin());
      ++through_;
    }
  }
  // All through this one were told; what comes later must not be compacted.
  std::int64_t through() const { return through_; }

  // Leases that somebody had a moment ago.
  void remember(std::int64_t lease) {
    const std::scoped_lock lock(mutex_);
    leases_.push_back(lease);
    if (leases_.size() > 10) leases_.erase(leases_.begin());
  }
  std::int64_t lease(std::uint64_t dice) {
    const std::scoped_lock lock(mutex_);
    return leases_.empty() ? 0 : leases_[dice % leases_.size()];
  }

 private:
  std::vector<EtcdMember*> members_;
  std::mutex mutex_;
  EtcdHistory history_;
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<std::int64_t> through_ = 1;
  std::set<std::int64_t> ahead_;
  std::vector<std::int64_t> leases_;
};

}  // namespace bowline::chaos

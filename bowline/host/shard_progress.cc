// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <utility>

#include "bowline/host/shard.h"

// How far snapshots are that take long: those that are taken, loaded and fetched.
namespace bowline::host {
namespace {

constexpr Duration told_every = std::chrono::seconds(1);

}  // namespace

// As long as there is one. Nobody wakes up for it otherwise.
void Shard::watch_progress() {
  if (!hooks_.news || std::exchange(watches_progress_, true)) return;
  if (!progress_timer_) progress_timer_ = env_.loop.timer([this] { tell_progress(); });
  env_.loop.set(progress_timer_, now() + told_every);
}

void Shard::tell_progress() {
  using enum SnapshotProgress::What;
  watches_progress_ = false;
  if (broken_) return;
  const std::set<GroupId> busy = snapshots_->busy();
  for (const GroupId group : busy) {
    if (const auto far = snapshots_->taking(group))
      tell(group, SnapshotProgress{taken, far->bytes, far->of_bytes});
    if (const auto far = snapshots_->loading(group))
      tell(group, SnapshotProgress{loaded, far->bytes, far->of_bytes});
  }
  const std::vector<GroupId> fetching = transfers_->fetching();
  for (const GroupId group : fetching)
    if (const auto far = transfers_->progress(group))
      tell(group, SnapshotProgress{fetched, far->bytes, far->of_bytes});
  if (!busy.empty() || !fetching.empty()) watch_progress();
}

}  // namespace bowline::host

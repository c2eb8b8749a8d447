// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "bowline/host/shard.h"
#include "bowline/wal/log.h"

// What the groups of a node hear of its disk: that it is full, or that it hangs. Either way a
// leader hands over to somebody whose disk works.
namespace bowline::host {

void Shard::fullness(bool full) {
  full_ = full;
  const wal::Log* const on_disk = log_->on_disk();
  tell({}, DiskFull{full, full && on_disk != nullptr ? on_disk->why_full() : ""});
  for (const GroupId group : ids()) {
    Replica* const replica = find(group);
    if (replica == nullptr) continue;
    replica->input(raft::Fullness{full});
    replica->press(full, on_disk == nullptr);
    if (full && replica->core().role() == raft::Role::leader)
      replica->transfer({}, [](const Outcome&) {});
  }
}

void Shard::watch_disk() {
  if (patience_ != Duration::max()) stall_.watch(patience_);
}

// Of a group that begins to live, or was given other options.
void Shard::tell_of_disk(Replica& replica) {
  const std::optional<Duration> patience = replica.patience();
  if (!patience) return;
  patience_ = std::min(patience_, *patience);
  if (const std::optional<Time> since = log_->busy_since(); stalled_ && since)
    if (const Duration busy = now() - *since; busy >= *patience) replica.disk_stalls(busy);
}

// Each group has a patience of its own. On a full disk writes wait, too, and leaders have left
// already.
std::optional<Duration> Shard::disk_stalls(Duration busy) {
  if (broken_ || full_) return std::nullopt;
  std::optional<Duration> next;
  std::vector<GroupId> due;
  for (const auto& [group, replica] : replicas_) {
    const std::optional<Duration> patience = replica->patience();
    if (!patience || replica->core().stalled()) continue;
    if (*patience <= busy) {
      due.push_back(group);
    } else {
      next = std::min(next.value_or(*patience), *patience);
    }
  }
  if (!due.empty() && !std::exchange(stalled_, true)) {
    ++meters_.counters.stalls;
    tell({}, DiskStalled{busy, true});
  }
  for (const GroupId group : due)
    if (Replica* const replica = find(group)) replica->disk_stalls(busy);
  return next;
}

// The next write may be under way already, and is watched like the last one.
void Shard::disk_answers() {
  stall_.over();
  watch_disk();
  if (!std::exchange(stalled_, false)) return;
  tell({}, DiskStalled{log_->last_write_took(), false});
  for (const GroupId group : ids())
    if (Replica* const replica = find(group)) replica->input(raft::Stalled{false});
}

}  // namespace bowline::host

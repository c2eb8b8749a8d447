// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/auto_compaction.h"

#include <algorithm>

namespace bowline::etcd {
namespace {

using Mode = AutoCompactionOptions::Mode;

constexpr int looks = 10;  // in a period
constexpr Duration longest = std::chrono::hours(1);
constexpr Duration shortest = std::chrono::milliseconds(10);  // between two looks

}  // namespace

AutoCompaction::AutoCompaction(const AutoCompactionOptions& options)
    : options_(options), wait_(options.period) {
  if (options_.mode == Mode::periodic)
    most_seen_ = static_cast<std::size_t>(options_.period / every()) + 1;
}

Duration AutoCompaction::every() const {
  if (options_.mode == Mode::revision) return options_.revision_every;
  return std::max(std::min(options_.period, longest) / looks, shortest);
}

std::optional<std::int64_t> AutoCompaction::look(Time now, std::int64_t revision, bool leads) {
  if (options_.mode == Mode::periodic) return look_periodic(now, revision, leads);
  const std::int64_t target = revision - options_.revisions;
  if (options_.mode == Mode::off || !leads || target <= 0 || target == compacted_)
    return std::nullopt;
  return target;
}

// What was seen a period ago is the oldest that is remembered. It is looked at before the present
// is remembered.
std::optional<std::int64_t> AutoCompaction::look_periodic(Time now, std::int64_t revision,
                                                          bool leads) {
  if (!done_) done_ = now;
  std::optional<std::int64_t> target;
  if (leads && !seen_.empty() && now - *done_ >= wait_ && seen_.front() != compacted_) {
    wait_ = std::min(options_.period, longest);
    target = seen_.front();
  }
  seen_.push_back(revision);
  if (seen_.size() > most_seen_) seen_.pop_front();
  return target;
}

void AutoCompaction::told(Time now, std::int64_t revision) {
  compacted_ = revision;
  done_ = now;
}

}  // namespace bowline::etcd

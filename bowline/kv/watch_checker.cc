// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/watch_checker.h"

#include <utility>

namespace bowline::kv {

void WatchChecker::expect(bool holds, const std::string& what) const {
  if (!holds && fault_.empty()) fault_ = what;
}

void WatchChecker::created(WatchId id, const WatchRequest& request) {
  Watch& watch = watches_[id];
  watch.key = request.keys.key;
  watch.range_end = request.keys.range_end;
  watch.request = request;
  watch.request.keys = {watch.key, watch.range_end};
  const std::int64_t start = request.start > 0 ? request.start : model_.revision() + 1;
  watch.request.start = start;
  const auto& writes = model_.writes();
  while (watch.next < writes.size() && writes[watch.next].main < start) ++watch.next;
}

std::vector<WatchId> WatchChecker::ids() const {
  std::vector<WatchId> ids;
  ids.reserve(watches_.size());
  for (const auto& [id, watch] : watches_) ids.push_back(id);
  return ids;
}

bool WatchChecker::is_wanted(const Watch& watch, const model::Write& write) const {
  if (write.main < watch.request.start) return false;
  if (write.now ? watch.request.no_put : watch.request.no_erase) return false;
  return Interval{watch.key, watch.range_end}.contains(write.key);
}

std::size_t WatchChecker::next_of(const Watch& watch) const {
  std::size_t next = watch.next;
  while (next < model_.writes().size() && !is_wanted(watch, model_.writes()[next])) ++next;
  return next;
}

bool WatchChecker::has_room() {
  if (reads_ && !prng_.chance(20)) return true;
  was_full_ = true;
  return false;
}

void WatchChecker::events(const WatchBatch& batch) {
  const auto found = watches_.find(batch.watch);
  if (found == watches_.end()) return expect(false, "events for nobody");
  Watch& watch = found->second;
  const std::string who = "watch " + std::to_string(batch.watch) + ": ";
  expect(!batch.events.empty(), who + "an empty batch");
  expect(batch.revision == model_.revision(), who + "another revision in the header");
  expect(!batch.fragment || watch.request.fragment, who + "a fragment that nobody wanted");
  for (const Event& event : batch.events) {
    ++seen_;
    const std::size_t at = next_of(watch);
    if (at == model_.writes().size()) return expect(false, who + "an event too many");
    const model::Write& write = model_.writes()[at];
    expect(event == model_.event(write, watch.request.prev_kv),
           who + "not what is next: revision " + std::to_string(event.item.mod_revision) +
               " instead of " + std::to_string(write.main) + "." + std::to_string(write.sub));
    watch.next = at + 1;
  }
  watch.in_revision = batch.fragment;
  if (batch.fragment) return;
  const std::size_t next = next_of(watch);
  expect(next == model_.writes().size() ||
             model_.writes()[next].main != batch.events.back().item.mod_revision,
         who + "a revision in two pieces");
}

void WatchChecker::progress(WatchId id, std::int64_t revision) {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return expect(false, "progress for nobody");
  expect(found->second.request.progress_notify, "progress that was not wanted");
  expect(found->second.request.start <= revision + 1, "progress before the start");
  const std::size_t next = next_of(found->second);
  expect(next == model_.writes().size() || model_.writes()[next].main > revision,
         "progress ahead of events");
}

void WatchChecker::told_progress(std::int64_t revision) const {
  expect(!watches_.empty(), "progress of a stream without watchers");
  for (const auto& [id, watch] : watches_) {
    const std::size_t next = next_of(watch);
    expect(next == model_.writes().size() || model_.writes()[next].main > revision,
           "progress of the stream ahead of events");
    expect(watch.request.start <= revision + 1, "progress of the stream before a start");
  }
}

void WatchChecker::compacted(WatchId id, std::int64_t revision, std::int64_t compacted) {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return expect(false, "an end for nobody");
  ++ended_;
  expect(revision == model_.revision() && compacted == model_.compacted(), "an end as of when?");
  expect(found->second.request.start < compacted, "ended, but it begins later");
  expect(!found->second.in_revision, "ended within a revision");
  watches_.erase(found);
}

void WatchChecker::expect_all() const {
  for (const auto& [id, watch] : watches_)
    expect(next_of(watch) == model_.writes().size(),
           "watch " + std::to_string(id) + " misses what came last");
}

}  // namespace bowline::kv

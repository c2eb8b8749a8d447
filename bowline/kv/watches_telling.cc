// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/kv/watcher.h"
#include "bowline/kv/watches.h"

// What watchers are told: writes as they are applied, and the past to those who are behind.
namespace bowline::kv {
namespace {

bool filters_out(const Watcher& watcher, const Version& version) {
  return version.is_live() ? watcher.no_put : watcher.no_erase;
}

}  // namespace

// --- Writes as they come.

void Watches::wrote() {
  const History& history = store_.history();
  History::Place at = history.end();
  while (at > history.begin() && history.at(at - 1).main > told_) --at;
  for (; at < history.end(); ++at) note(history.at(at), synced_);
  told_ = store_.revision();
}

void Watches::note(const Version& version, const WatcherGroup& group) {
  if (group.size() == 0) return;
  group.match(version.key->view(), [&](Watcher& watcher) {
    if (version.main < watcher.next || filters_out(watcher, version)) return;
    if (watcher.pending.empty()) touched_.push_back(&watcher);
    watcher.pending.push_back(&version);
  });
}

void Watches::deliver() {
  for (Watcher* const watcher : touched_) tell(*watcher);
  touched_.clear();
}

// All that is pending, or as much as there is room for. What is not told now is not kept: it is in
// the store, and the watcher has to go and get it. False: it is not in its group any more.
bool Watches::tell(Watcher& watcher) {
  std::size_t from = 0;
  while (from < watcher.pending.size() && watcher.stream->sink->has_room()) {
    const std::size_t to = batch_end(watcher, from);
    send(watcher, from, to);
    from = to;
  }
  const bool told_all = from == watcher.pending.size();
  if (!told_all && !planted(Bug::p45_watch_drops_when_slow)) {
    leave(watcher);
    watcher.next = watcher.pending[from]->main;
    if (planted(Bug::p82_watch_told_twice)) --watcher.next;
    block(watcher);
  }
  watcher.pending.clear();
  if (watcher.pending.capacity() > 64) watcher.pending = {};
  return told_all;
}

std::uint64_t Watches::weight(const Watcher& watcher, const Version& version) const {
  constexpr std::uint64_t numbers = 48;
  std::uint64_t bytes = numbers + version.key->bytes + version.value_bytes;
  if (watcher.prev_kv && version.older != nullptr)
    bytes += numbers + version.key->bytes + version.older->value_bytes;
  return bytes;
}

// Whole revisions, and always one of them.
std::size_t Watches::batch_end(const Watcher& watcher, std::size_t from) const {
  const std::vector<const Version*>& pending = watcher.pending;
  std::uint64_t bytes = 0;
  std::size_t end = from;
  while (end < pending.size()) {
    std::size_t next = end;
    while (next < pending.size() && pending[next]->main == pending[end]->main) {
      bytes += weight(watcher, *pending[next]);
      ++next;
      if (planted(Bug::p83_watch_splits_a_revision)) return next;
    }
    if (end > from && bytes > bounds_.batch_bytes) return end;
    end = next;
  }
  return end;
}

// One batch, or the fragments of one that is too large.
void Watches::send(Watcher& watcher, std::size_t from, std::size_t to) {
  WatchBatch batch{.watch = watcher.id, .revision = store_.revision(), .events = {}};
  std::uint64_t bytes = 0;
  const auto flush = [&](bool is_fragment) {
    batch.events = events_;
    batch.fragment = is_fragment;
    told_events_ += events_.size();
    watcher.stream->sink->events(batch);
    events_.clear();
    bytes = 0;
  };
  for (std::size_t i = from; i < to; ++i) {
    const Version& version = *watcher.pending[i];
    const std::uint64_t more = weight(watcher, version);
    if (watcher.fragment && !events_.empty() && bytes + more > bounds_.fragment_bytes) flush(true);
    bytes += more;
    events_.push_back(store_.event(version, watcher.prev_kv));
  }
  flush(false);
  watcher.was_told = true;
}

// --- The past.

bool Watches::can_catch_up() const { return !waiting_.empty() || !joined_list_.empty(); }

void Watches::catch_up(std::uint64_t most) {
  ensure(touched_.empty());
  end_compacted();
  most -= std::min(most, join_ready(most));
  most -= std::min(most, scan(most));
  conclude(most);
}

void Watches::end_compacted() {
  end_compacted(waiting_);
  end_compacted(blocked_);
  const std::int64_t compacted = store_.compacted();
  if (joined_list_.empty() || at_ >= compacted) return;
  for (std::size_t i = joined_list_.size(); i > 0; --i)
    if (joined_list_[i - 1]->next < compacted) end_compacted(*joined_list_[i - 1]);
  at_ = compacted;
}

void Watches::end_compacted(Queue& queue) {
  while (!queue.empty() && queue.begin()->first.first < store_.compacted())
    end_compacted(*queue.begin()->second);
}

void Watches::end_compacted(Watcher& watcher) {
  WatchSink& sink = *watcher.stream->sink;
  const WatchId id = watcher.id;
  end(watcher);
  sink.compacted(id, store_.revision(), store_.compacted());
}

// Whoever needs nothing that these were told already may join them. When nobody is under way, the
// one that is furthest behind says where to begin.
std::uint64_t Watches::join_ready(std::uint64_t most) {
  if (joined_list_.empty() && !waiting_.empty()) at_ = waiting_.begin()->first.first;
  std::uint64_t done = 0;
  for (; done < most; ++done) {
    const auto next = waiting_.lower_bound({at_, 0});
    if (next == waiting_.end()) break;
    join(*next->second);
  }
  return done;
}

// Ends between two revisions.
std::uint64_t Watches::scan(std::uint64_t most) {
  if (joined_list_.empty() || most == 0) return 0;
  const History& history = store_.history();
  History::Place at = history.find(at_);
  std::uint64_t done = 0;
  while (at < history.end() && (done < most || history.at(at).main == history.at(at - 1).main)) {
    note(history.at(at++), joined_);
    ++done;
  }
  at_ = at < history.end() ? history.at(at).main : std::max(at_, told_ + 1);
  done += touched_.size();
  deliver();
  return done;
}

// Those who have seen all there is are told of each write from now on.
void Watches::conclude(std::uint64_t most) {
  for (; most > 0 && at_ > told_ && !joined_list_.empty(); --most) sync(*joined_list_.back());
}

}  // namespace bowline::kv

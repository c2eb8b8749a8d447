// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/watches.h"

#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/kv/watcher.h"

// Who watches, and in which state each of them is. What they are told is in watches_telling.cc.
namespace bowline::kv {

Watches::Watches(const Store& store, Bounds bounds)
    : store_(store), bounds_(bounds), told_(store.revision()) {}
Watches::~Watches() = default;

WatchStream* Watches::find(StreamId id) const {
  const auto at = streams_.find(id);
  return at == streams_.end() ? nullptr : at->second.get();
}

std::size_t Watches::behind() const { return watchers_ - synced_.size(); }

StreamId Watches::open(WatchSink& sink) {
  const StreamId id = ++last_stream_;
  streams_[id] = std::make_unique<WatchStream>();
  streams_[id]->sink = &sink;
  return id;
}

void Watches::close(StreamId id) {
  WatchStream* const stream = find(id);
  if (stream == nullptr) return;
  while (!stream->watchers.empty()) end(*stream->watchers.begin()->second);
  streams_.erase(id);
}

bool Watches::create(StreamId stream_id, WatchId id, const WatchRequest& request) {
  WatchStream* const stream = find(stream_id);
  if (stream == nullptr || stream->watchers.contains(id)) return false;
  auto& made = stream->watchers[id] = std::make_unique<Watcher>();
  Watcher& watcher = *made;
  watcher.stream = stream;
  watcher.id = id;
  watcher.serial = ++last_serial_;
  watcher.key = request.keys.key;
  watcher.range_end = request.keys.range_end;
  watcher.no_put = request.no_put;
  watcher.no_erase = request.no_erase;
  watcher.prev_kv = request.prev_kv;
  watcher.fragment = request.fragment;
  watcher.progress_notify = request.progress_notify;
  watcher.next = request.start <= 0 ? told_ + 1 : request.start;
  if (planted(Bug::p81_watch_starts_late) && request.start > 0) ++watcher.next;
  ++watchers_;
  if (watcher.progress_notify) notified_[watcher.serial] = &watcher;
  waiting_[{watcher.next, watcher.serial}] = &watcher;
  if (watcher.next > told_) sync(watcher);
  return true;
}

bool Watches::cancel(StreamId stream_id, WatchId id) {
  WatchStream* const stream = find(stream_id);
  if (stream == nullptr) return false;
  const auto at = stream->watchers.find(id);
  if (at == stream->watchers.end()) return false;
  end(*at->second);
  return true;
}

void Watches::end(Watcher& watcher) {
  ensure(touched_.empty());
  leave(watcher);
  --watchers_;
  notified_.erase(watcher.serial);
  watcher.stream->watchers.erase(watcher.id);
}

void Watches::drained(StreamId id) {
  WatchStream* const stream = find(id);
  if (stream == nullptr) return;
  while (!stream->blocked.empty()) wait(*stream->blocked.begin()->second);
}

// While it was in a group, what was told to the group counts for it.
void Watches::leave(Watcher& watcher) {
  switch (watcher.state) {
    case Watcher::State::synced: synced_.remove(watcher); break;
    case Watcher::State::waiting: waiting_.erase({watcher.next, watcher.serial}); break;
    case Watcher::State::blocked:
      blocked_.erase({watcher.next, watcher.serial});
      watcher.stream->blocked.erase(watcher.serial);
      break;
    case Watcher::State::joined:
      joined_.remove(watcher);
      joined_list_[watcher.joined_place] = joined_list_.back();
      joined_list_[watcher.joined_place]->joined_place = watcher.joined_place;
      joined_list_.pop_back();
      break;
  }
}

void Watches::sync(Watcher& watcher) {
  leave(watcher);
  watcher.state = Watcher::State::synced;
  synced_.add(watcher);
}

void Watches::wait(Watcher& watcher) {
  leave(watcher);
  watcher.state = Watcher::State::waiting;
  waiting_[{watcher.next, watcher.serial}] = &watcher;
}

void Watches::block(Watcher& watcher) {
  watcher.state = Watcher::State::blocked;
  blocked_[{watcher.next, watcher.serial}] = &watcher;
  watcher.stream->blocked[watcher.serial] = &watcher;
}

void Watches::join(Watcher& watcher) {
  leave(watcher);
  watcher.state = Watcher::State::joined;
  watcher.joined_place = joined_list_.size();
  joined_list_.push_back(&watcher);
  joined_.add(watcher);
}

std::optional<std::int64_t> Watches::progress(StreamId id) const {
  const WatchStream* const stream = find(id);
  if (stream == nullptr || stream->watchers.empty()) return std::nullopt;
  ensure(touched_.empty());
  for (const auto& [watch, watcher] : stream->watchers) {
    if (planted(Bug::p84_watch_progress_too_early)) break;
    if (watcher->state != Watcher::State::synced || watcher->next > told_ + 1) return std::nullopt;
  }
  return told_;
}

void Watches::progress_due() {
  ensure(touched_.empty());
  for (const auto& [serial, watcher] : notified_) {
    const bool was_told = std::exchange(watcher->was_told, false);
    if (was_told || watcher->state != Watcher::State::synced || watcher->next > told_ + 1) continue;
    if (watcher->stream->sink->has_room()) watcher->stream->sink->progress(watcher->id, told_);
  }
}

void Watches::replaced() {
  ensure(touched_.empty());
  for (const auto& [id, stream] : streams_)
    for (const auto& [watch, watcher] : stream->watchers) {
      if (watcher->state == Watcher::State::blocked) continue;
      const bool is_synced = watcher->state == Watcher::State::synced;
      leave(*watcher);
      if (is_synced) watcher->next = std::max(watcher->next, told_ + 1);
      if (watcher->state == Watcher::State::joined) watcher->next = std::max(watcher->next, at_);
      watcher->state = Watcher::State::waiting;
      waiting_[{watcher->next, watcher->serial}] = watcher.get();
    }
  told_ = store_.revision();
}

}  // namespace bowline::kv

// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/watcher_group.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "bowline/base/ensure.h"
#include "bowline/kv/watcher.h"

namespace bowline::kv {

WatcherGroup::KeyHash WatcherGroup::hash_of(std::string_view key) {
  std::uint64_t hash = 0x9e3779b97f4a7c15 ^ key.size();
  while (!key.empty()) {
    std::uint64_t word = 0;
    const std::size_t bytes = std::min(sizeof word, key.size());
    std::memcpy(&word, key.data(), bytes);
    hash = (hash ^ word) * 0xbf58476d1ce4e5b9;
    hash ^= hash >> 29;
    key.remove_prefix(bytes);
  }
  return {hash};
}

void WatcherGroup::join(Members& members, Watcher& watcher) {
  watcher.place = members.size();
  members.push_back(&watcher);
}

void WatcherGroup::leave(Members& members, Watcher& watcher) {
  ensure(watcher.place < members.size() && members[watcher.place] == &watcher);
  members[watcher.place] = members.back();
  members[watcher.place]->place = watcher.place;
  members.pop_back();
}

void WatcherGroup::add(Watcher& watcher) {
  ++size_;
  if (!watcher.keys().is_single()) return join(ranges_.get(watcher.keys()), watcher);
  std::vector<Single>& singles = singles_[hash_of(watcher.key)];
  auto at = std::ranges::find(singles, watcher.key, &Single::key);
  if (at == singles.end()) at = singles.insert(at, {watcher.key, {}});
  join(at->members, watcher);
}

void WatcherGroup::remove(Watcher& watcher) {
  --size_;
  if (watcher.keys().is_single()) return remove_single(watcher);
  Members* const members = ranges_.find(watcher.keys());
  ensure(members != nullptr);
  leave(*members, watcher);
  if (members->empty()) ranges_.erase(watcher.keys());
}

void WatcherGroup::remove_single(Watcher& watcher) {
  const KeyHash hash = hash_of(watcher.key);
  std::vector<Single>* const singles = singles_.find(hash);
  ensure(singles != nullptr);
  const auto at = std::ranges::find(*singles, watcher.key, &Single::key);
  ensure(at != singles->end());
  leave(at->members, watcher);
  if (at->members.empty()) singles->erase(at);
  if (singles->empty()) singles_.erase(hash);
}

}  // namespace bowline::kv

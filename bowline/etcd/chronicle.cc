// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/chronicle.h"

namespace bowline::etcd {

Chronicle::Chronicle(const kv::Store& store, std::size_t most_gathered)
    : store_(store),
      most_gathered_(most_gathered),
      revision_(store.revision()),
      compacted_(store.compacted()),
      pin_(store.pin(store.compacted())) {}

// What was gathered whole is still good.
void Chronicle::rewind() {
  is_over_ = false;
  at_ = 0;
  if (is_first_ && !is_part_ && (phase_ == Phase::telling || phase_ == Phase::recent)) {
    phase_ = Phase::telling;
    return;
  }
  phase_ = Phase::gathering;
  from_.clear();
  after_ = {-1, 0};
  old_.clear();
  is_part_ = false;
  is_first_ = true;
}

const kv::Version* Chronicle::look(std::uint64_t& most) {
  switch (phase_) {
    case Phase::gathering: gather(most); return nullptr;
    case Phase::sorting: sort(most); return nullptr;
    case Phase::telling: --most; return tell();
    case Phase::recent: break;
  }
  --most;
  return tell_recent();
}

void Chronicle::gather(std::uint64_t& most) {
  bool is_all = true;
  store_.each_key({.key = from_, .range_end = {"\0", 1}}, [&](const kv::Key& key) {
    if (most == 0) {
      from_ = key.view();
      return is_all = false;
    }
    --most;
    gather(key);
    return true;
  });
  if (!is_all) return;
  if (most > 0) --most;
  phase_ = Phase::sorting;
  at_ = old_.size();
}

// What it was when it was compacted, if it was not written at that revision itself.
void Chronicle::gather(const kv::Key& key) {
  const kv::Version* at = key.newest;
  while (at != nullptr && at->main > compacted_) at = at->older;
  if (at == nullptr || at->main == compacted_ || !at->is_live()) return;
  const Old old{at->revision(), at};
  if (old.at <= after_) return;
  if (old_.size() == most_gathered_) {
    is_part_ = true;
    if (old_.front() < old) return;
    std::ranges::pop_heap(old_, {}, &Old::at);
    old_.back() = old;
  } else {
    old_.push_back(old);
  }
  std::ranges::push_heap(old_, {}, &Old::at);
}

void Chronicle::sort(std::uint64_t& most) {
  for (; at_ > 0 && most > 0; --at_, --most)
    std::pop_heap(old_.begin(), old_.begin() + static_cast<std::ptrdiff_t>(at_));
  if (at_ == 0) phase_ = Phase::telling;
}

const kv::Version* Chronicle::tell() {
  if (at_ < old_.size()) return old_[at_++].version;
  if (is_part_) {
    after_ = old_.back().at;
    old_.clear();
    from_.clear();
    is_part_ = false;
    is_first_ = false;
    phase_ = Phase::gathering;
    return nullptr;
  }
  recent_ = store_.history().find(compacted_);
  phase_ = Phase::recent;
  return nullptr;
}

const kv::Version* Chronicle::tell_recent() {
  const kv::History& past = store_.history();
  if (recent_ < past.end() && past.at(recent_).main <= revision_) return &past.at(recent_++);
  is_over_ = true;
  return nullptr;
}

}  // namespace bowline::etcd

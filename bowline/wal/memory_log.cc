// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/memory_log.h"

#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::wal {
namespace {

std::uint64_t room_in_memory(const raft::Entry& entry) {
  return entry.payload.size() + raft::entry_overhead;
}

}  // namespace

std::string MemoryLog::Options::fault() const {
  if (most_bytes == 0) return "most_bytes must be above zero";
  if (payload_bytes == 0) return "payload_bytes must be above zero";
  return {};
}

MemoryLog::MemoryLog(Setting setting, Options options)
    : env_(setting.env),
      owner_(setting.owner),
      fresh_(setting.fresh),
      hooks_(std::move(setting.hooks)),
      options_(options) {
  ensure(options_.fault().empty());
}

void MemoryLog::open(env::Done<Result<Opened>> done) {
  env_.loop.soon(life_.guard([this, done = std::move(done)]() mutable {
    done(Opened{.account = {.identity = {owner_, fresh_}}, .groups = {}});
  }));
}

// ---- writing

void MemoryLog::submit(GroupId group, raft::Persist&& what) {
  for (const raft::Batch* list : {&what.repaired, &what.entries})
    for (const raft::Entry& entry : *list) ensure(entry.payload.size() <= options_.payload_bytes);
  ++numbers_;
  Kepts& kepts = groups_[group];
  keep(kepts, what);
  if (kepts.empty()) groups_.erase(group);
  waiting_.push_back({group, what.seq});
}

// Terms, votes and bases are for the next start, and there is none that would ask. What is repaired
// was damaged, and nothing is here.
void MemoryLog::keep(Kepts& kepts, const raft::Persist& what) {
  if (what.base) {
    if (what.discard)
      while (!kepts.empty()) drop_back(kepts);
    while (!kepts.empty() && kepts.front().entry.id.index <= what.base->id.index) drop_front(kepts);
  }
  if (what.cut_after)
    while (!kepts.empty() && kepts.back().entry.id.index > *what.cut_after) drop_back(kepts);
  for (const raft::Entry& entry : what.entries) {
    ensure(kepts.empty() || kepts.back().entry.id.index.next() == entry.id.index);
    bytes_ += room_in_memory(entry);
    // A copy: the payload may be a small part of a frame, all of which would stay.
    kepts.push_back({{entry.id, entry.kind, Bytes::copy(entry.payload.view())}, numbers_});
  }
}

void MemoryLog::drop_front(Kepts& kepts) {
  bytes_ -= room_in_memory(kepts.front().entry);
  kepts.pop_front();
}

void MemoryLog::drop_back(Kepts& kepts) {
  bytes_ -= room_in_memory(kepts.back().entry);
  kepts.pop_back();
}

void MemoryLog::forget(GroupId group) {
  if (Kepts* const kepts = groups_.find(group)) {
    while (!kepts->empty()) drop_back(*kepts);
    groups_.erase(group);
  }
  ++numbers_;
  waiting_.push_back({group, {}, true});
}

void MemoryLog::flush() {
  if (landing_ || waiting_.empty()) return;
  landing_ = true;
  flight_.swap(waiting_);
  flying_ = numbers_;
  env_.loop.soon(life_.guard([this] { landed(); }));
}

void MemoryLog::landed() {
  landing_ = false;
  durable_ = flying_;
  const std::vector<Write> writes = std::exchange(flight_, {});
  flush();  // as on a disk: what came meanwhile does not wait for another call
  for (const Write& write : writes)
    if (!write.forget) hooks_.persisted(write.group, write.seq);
  flush();  // and so does what came with the reports
  if (hooks_.landed) hooks_.landed();
  tell_fullness();
}

// It takes what comes all the same: terms, votes and cuts must go on. There is room again when
// snapshots have let entries go.
void MemoryLog::tell_fullness() {
  const bool full = bytes_ > options_.most_bytes;
  if (std::exchange(full_, full) != full && hooks_.full) hooks_.full(full);
}

// ---- reading

raft::Batch MemoryLog::entries(GroupId group, Index after, Index through, std::uint64_t bytes,
                               std::uint64_t written) const {
  raft::Batch found;
  const Kepts* const kepts = groups_.find(group);
  if (kepts == nullptr || after.next() < kepts->front().entry.id.index) return found;
  std::uint64_t sum = 0;
  for (std::size_t i = after.next() - kepts->front().entry.id.index; i < kepts->size(); ++i) {
    const Kept& kept = (*kepts)[i];
    sum += kept.entry.payload.size();
    if (kept.entry.id.index > through || kept.number > written) break;
    if (!found.empty() && sum > bytes) break;
    found.push_back(kept.entry);
  }
  return found;
}

raft::Batch MemoryLog::peek(GroupId group, Index after, Index through, std::uint64_t bytes) const {
  return entries(group, after, through, bytes, any);
}

void MemoryLog::fetch(GroupId group, Index after, Index through, std::uint64_t bytes,
                      env::Done<Result<raft::Batch>> done) {
  env_.loop.soon(life_.guard([found = entries(group, after, through, bytes, durable_),
                              done = std::move(done)]() mutable { done(std::move(found)); }));
}

}  // namespace bowline::wal

// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/tail.h"

#include <algorithm>

#include "bowline/base/ensure.h"
#include "bowline/wal/gathered.h"

namespace bowline::wal {
namespace {

constexpr std::size_t least_remembered = 64;

std::uint64_t room_of(const raft::Entry& entry) {
  return entry.payload.size() + raft::entry_overhead;
}

}  // namespace

void Tail::drop_front(Kepts& kepts) {
  bytes_ -= room_of(kepts.front().entry);
  --kept_;
  kepts.pop_front();
}

void Tail::drop_through(Kepts& kepts, Index base) {
  std::uint64_t number = 0;
  while (!kepts.empty() && kepts.front().entry.id.index <= base) {
    number = kepts.front().number;
    drop_front(kepts);
  }
  if (!kepts.empty() && kepts.front().number == number) gather(kepts, number);
}

void Tail::cut(Kepts& kepts, Index keep) {
  std::uint64_t number = 0;
  while (!kepts.empty() && kepts.back().entry.id.index > keep) {
    number = kepts.back().number;
    bytes_ -= room_of(kepts.back().entry);
    --kept_;
    kepts.pop_back();
  }
  if (!kepts.empty() && kepts.back().number == number) gather(kepts, number);
}

// What is left of a write.
void Tail::gather(Kepts& kepts, std::uint64_t number) {
  const auto left = std::ranges::equal_range(kepts, number, {}, &Kept::number);
  std::uint64_t bytes = 0;
  for (const Kept& kept : left) bytes += kept.entry.payload.size();
  if (bytes == 0 || bytes >= Gathered::enough) return;
  Gathered together(bytes);
  for (Kept& kept : left) kept.entry.payload = together.add(kept.entry.payload);
}

void Tail::append(Kepts& kepts, const raft::Batch& entries, std::uint64_t number) {
  for (const raft::Entry& entry : entries) {
    ensure(kepts.empty() || kepts.back().entry.id.index.next() == entry.id.index);
    bytes_ += room_of(entry);
    ++kept_;
    kepts.emplace_back(entry, number);
  }
  if (!entries.empty()) gather(kepts, number);
}

void Tail::take(GroupId group, const raft::Persist& write, std::uint64_t number) {
  Kepts& kepts = groups_.get(group, &pieces_);
  if (write.discard) cut(kepts, {});
  if (write.base) drop_through(kepts, write.base->id.index);
  if (write.cut_after) cut(kepts, *write.cut_after);
  append(kepts, write.entries, number);
  if (!write.entries.empty()) arrivals_.push_back({group, write.entries.back().id.index, number});
  if (kepts.empty()) groups_.erase(group);
  forget_arrivals();
}

// Where bases keep the tail small, or groups come to rest, nothing is ever let go.
void Tail::forget_arrivals() {
  if (arrivals_.size() > 2 * kept_ + least_remembered)
    std::erase_if(arrivals_, [this](const Arrival& arrival) { return !is_here(arrival); });
}

// Is anything left of what it brought?
bool Tail::is_here(const Arrival& arrival) const {
  const Kepts* const kepts = groups_.find(arrival.group);
  if (kepts == nullptr) return false;
  const auto at = std::ranges::lower_bound(*kepts, arrival.number, {}, &Kept::number);
  return at != kepts->end() && at->number == arrival.number;
}

void Tail::forget(GroupId group) {
  Kepts* const kepts = groups_.find(group);
  if (kepts == nullptr) return;
  cut(*kepts, {});
  groups_.erase(group);
  forget_arrivals();
}

void Tail::durable(std::uint64_t number) {
  durable_ = number;
  let_go();
}

// What an arrival brought may have been cut since, and its indexes taken by other entries.
void Tail::let_go() {
  while (bytes_ > most_bytes_ && !arrivals_.empty() && arrivals_.front().number <= durable_) {
    const Arrival oldest = arrivals_.front();
    Kepts* const kepts = groups_.find(oldest.group);
    const auto is_first = [&] {
      return kepts != nullptr && !kepts->empty() && kepts->front().entry.id.index <= oldest.last &&
             kepts->front().number <= oldest.number;
    };
    while (bytes_ > most_bytes_ && is_first()) drop_front(*kepts);
    if (is_first()) return;  // in part
    arrivals_.pop_front();
    if (kepts != nullptr && kepts->empty()) groups_.erase(oldest.group);
  }
}

Index Tail::first(GroupId group) const {
  const Kepts* const kepts = groups_.find(group);
  return kepts == nullptr ? Index{} : kepts->front().entry.id.index;
}

raft::Batch Tail::peek(GroupId group, Index after, Index through, std::uint64_t bytes) const {
  raft::Batch found;
  const Kepts* const kepts = groups_.find(group);
  if (kepts == nullptr) return found;
  const Index first = kepts->front().entry.id.index;
  if (after.next() < first) return found;
  std::uint64_t sum = 0;
  for (std::size_t i = after.next() - first; i < kepts->size(); ++i) {
    const raft::Entry& entry = (*kepts)[i].entry;
    sum += entry.payload.size();
    if (entry.id.index > through || (!found.empty() && sum > bytes)) break;
    found.push_back(entry);
  }
  return found;
}

}  // namespace bowline::wal

// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/runs.h"

#include <algorithm>

#include "bowline/base/ensure.h"

namespace bowline::wal {
namespace {

// Both parts together are what the whole was, to the byte.
std::uint32_t share(const Run& run, std::uint64_t entries) {
  return static_cast<std::uint32_t>(run.bytes * entries / run.count);
}

Run front_of(Run run, Index through) {
  const std::uint64_t kept = through - run.first + 1;
  run.bytes = share(run, kept);
  run.count = static_cast<std::uint32_t>(kept);
  return run;
}

Run back_of(Run run, Index from) {
  const std::uint64_t dropped = from - run.first;
  run.bytes -= share(run, dropped);
  run.first = from;
  run.count -= static_cast<std::uint32_t>(dropped);
  run.skip += static_cast<std::uint32_t>(dropped);
  return run;
}

void note(const Run& run, Runs::Dropped* dropped) {
  if (dropped == nullptr) return;
  if (dropped->empty() || dropped->back().segment != run.where.segment)
    dropped->push_back({.segment = run.where.segment});
  dropped->back().entries += run.count;
  dropped->back().bytes += run.bytes;
}

}  // namespace

void extend(std::vector<Run>& runs, LogId id, std::uint64_t bytes, Spot where, std::uint32_t skip,
            bool lost) {
  const auto more = static_cast<std::uint32_t>(bytes);
  if (!runs.empty()) {
    Run& last = runs.back();
    if (last.last().next() == id.index && last.term == id.term && last.lost == lost &&
        last.where == where && last.skip + last.count == skip) {
      ++last.count;
      last.bytes += more;
      return;
    }
  }
  runs.push_back({id.index, id.term, 1, skip, more, where, lost});
}

Index Runs::last() const { return runs_.empty() ? Index{} : runs_.back().last(); }

std::size_t Runs::behind(Index index) const {
  const auto at = std::ranges::lower_bound(runs_, index, {}, &Run::last);
  return static_cast<std::size_t>(at - runs_.begin());
}

const Run* Runs::at(Index index) const {
  const std::size_t i = behind(index);
  return i < runs_.size() && runs_[i].first <= index ? &runs_[i] : nullptr;
}

// Makes room: takes these indexes out, and leaves what sticks out on both sides.
void Runs::carve(Index first, Index last, Dropped* dropped) {
  const auto begin = runs_.begin() + static_cast<std::ptrdiff_t>(behind(first));
  auto end = begin;
  std::vector<Run> left;  // at most one on each side
  for (; end != runs_.end() && end->first <= last; ++end) {
    Run gone = *end;
    if (gone.first < first) {
      left.push_back(front_of(gone, first.prev()));
      gone = back_of(gone, first);
    }
    if (gone.last() > last) {
      left.push_back(back_of(gone, last.next()));
      gone = front_of(gone, last);
    }
    note(gone, dropped);
  }
  const auto place = runs_.erase(begin, end);
  runs_.insert(place, left.begin(), left.end());
}

void Runs::put(Run run, Dropped* dropped) {
  ensure(run.count > 0 && run.first);
  if (runs_.empty() || runs_.back().last() < run.first) {
    runs_.push_back(run);
    return;
  }
  carve(run.first, run.last(), dropped);
  runs_.insert(runs_.begin() + static_cast<std::ptrdiff_t>(behind(run.first)), run);
}

void Runs::cut_after(Index keep, Dropped* dropped) {
  if (last() > keep) carve(keep.next(), last(), dropped);
}

void Runs::rebase(Index base, Dropped* dropped) {
  if (!runs_.empty() && runs_.front().first <= base) carve(runs_.front().first, base, dropped);
}

void Runs::lose(Index first, Index last) {
  std::vector<Run> lost;
  for (std::size_t i = behind(first); i < runs_.size() && runs_[i].first <= last; ++i) {
    Run run = runs_[i];
    if (run.first < first) run = back_of(run, first);
    if (run.last() > last) run = front_of(run, last);
    run.lost = true;
    lost.push_back(run);
  }
  for (const Run& run : lost) put(run);
}

void Runs::clear(Dropped* dropped) {
  for (const Run& run : runs_) note(run, dropped);
  runs_.clear();
}

}  // namespace bowline::wal

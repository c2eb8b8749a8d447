// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/runs.h"

#include <algorithm>

#include "bowline/base/ensure.h"

namespace bowline::wal {
namespace {

Run front_of(Run run, Index through) {
  run.count = static_cast<std::uint32_t>(through - run.first + 1);
  return run;
}

Run back_of(Run run, Index from) {
  const auto dropped = static_cast<std::uint32_t>(from - run.first);
  run.first = from;
  run.count -= dropped;
  run.skip += dropped;
  return run;
}

}  // namespace

void extend(std::vector<Run>& runs, LogId id, Spot where, std::uint32_t skip, bool lost) {
  if (!runs.empty()) {
    Run& last = runs.back();
    if (last.last().next() == id.index && last.term == id.term && last.lost == lost &&
        last.where == where && last.skip + last.count == skip) {
      ++last.count;
      return;
    }
  }
  runs.push_back({id.index, id.term, 1, skip, where, lost});
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
void Runs::carve(Index first, Index last) {
  const auto at = [this](std::size_t i) { return runs_.begin() + static_cast<std::ptrdiff_t>(i); };
  std::size_t i = behind(first);
  if (i < runs_.size() && runs_[i].first < first) {
    const Run whole = runs_[i];
    runs_[i] = front_of(whole, first.prev());
    ++i;
    if (whole.last() >= first) runs_.insert(at(i), back_of(whole, first));
  }
  std::size_t end = i;
  while (end < runs_.size() && runs_[end].last() <= last) ++end;
  runs_.erase(at(i), at(end));
  if (i < runs_.size() && runs_[i].first <= last) runs_[i] = back_of(runs_[i], last.next());
}

void Runs::put(Run run) {
  ensure(run.count > 0 && run.first);
  if (runs_.empty() || runs_.back().last() < run.first) {
    runs_.push_back(run);
    return;
  }
  carve(run.first, run.last());
  runs_.insert(runs_.begin() + static_cast<std::ptrdiff_t>(behind(run.first)), run);
}

void Runs::cut_after(Index keep) {
  while (!runs_.empty() && runs_.back().first > keep) runs_.pop_back();
  if (!runs_.empty() && runs_.back().last() > keep) runs_.back() = front_of(runs_.back(), keep);
}

void Runs::rebase(Index base) {
  while (!runs_.empty() && runs_.front().last() <= base) runs_.pop_front();
  if (!runs_.empty() && runs_.front().first <= base)
    runs_.front() = back_of(runs_.front(), base.next());
}

}  // namespace bowline::wal

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
void Runs::carve(Index first, Index last, Dropped* dropped) {
  const auto at = [this](std::size_t i) { return runs_.begin() + static_cast<std::ptrdiff_t>(i); };
  for (std::size_t i = behind(first); i < runs_.size() && runs_[i].first <= last;) {
    const Run whole = runs_[i];
    runs_.erase(at(i));
    if (whole.first < first) runs_.insert(at(i++), front_of(whole, first.prev()));
    if (whole.last() > last) runs_.insert(at(i), back_of(whole, last.next()));
    Run gone = whole.first < first ? back_of(whole, first) : whole;
    if (gone.last() > last) gone = front_of(gone, last);
    if (dropped != nullptr) dropped->push_back(gone);
  }
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

void Runs::clear(Dropped* dropped) {
  if (dropped != nullptr) dropped->insert(dropped->end(), runs_.begin(), runs_.end());
  runs_.clear();
}

}  // namespace bowline::wal

// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/outline.h"

#include <algorithm>
#include <iterator>
#include <ranges>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"

namespace bowline::raft {
namespace {

constexpr std::uint64_t grain = 64 << 10;

}  // namespace

Outline::Outline(LogId base, std::span<const Held> entries) : base_(base), last_(base.index) {
  for (const Held& held : entries) append(held);
  durable_ = last_;
}

std::optional<Term> Outline::term_at(Index index) const {
  if (index == base_.index) return base_.term;
  if (index < base_.index || index > last_) return std::nullopt;
  if (index >= runs_.back().index) return runs_.back().term;  // most often
  const auto after = std::ranges::upper_bound(runs_, index, {}, &LogId::index);
  ensure(after != runs_.begin());
  return std::prev(after)->term;
}

LogId Outline::last_at_most(Index index, Term term) const {
  Index at = std::min(index, last_);
  for (const LogId run : std::views::reverse(runs_)) {
    if (run.index > at) continue;
    if (run.term <= term) return {run.term, at};
    at = run.index.prev();
  }
  const bool below = at < base_.index || base_.term > term;
  return below ? LogId{} : base_;
}

void Outline::append(Held held) {
  ensure(held.count > 0 && held.first() == last_.next());
  const Term newest = last().term;
  ensure(held.last.term >= newest);
  if (runs_.empty() || held.last.term != newest) runs_.emplace_back(held.last.term, held.first());
  last_ = held.last.index;
  bytes_ += held.bytes;
  const std::uint64_t marked = marks_.empty() ? 0 : marks_.back().bytes;
  if (bytes_ - marked >= grain) marks_.push_back({last_, bytes_});
}

void Outline::cut_after(Index keep) {
  ensure(keep >= base_.index);
  ensure(keep < last_);
  bytes_ = weight_through(keep);
  while (!marks_.empty() && marks_.back().index > keep) marks_.pop_back();
  while (!runs_.empty() && runs_.back().index > keep) runs_.pop_back();
  last_ = keep;
  durable_ = std::min(durable_, keep);
  if (planted(Bug::p52_cut_forgets_writes_in_flight)) return;
  // Writes in flight may still carry what was just overruled. Reaching less far on our behalf is
  // all it takes to keep `durable_` honest when they land: terms need not be compared.
  for (Write& write : in_flight_) write.reaches = std::min(write.reaches, keep);
}

void Outline::rebase(LogId base) {
  ensure(base.index >= base_.index);
  ensure(contains(base));
  const auto after = std::ranges::upper_bound(runs_, base.index, {}, &LogId::index);
  // The run that the base lies in goes on right after it.
  const bool goes_on = after != runs_.begin() && base.index < last_ &&
                       (after == runs_.end() || after->index > base.index.next());
  const auto kept = goes_on ? std::prev(after) : after;
  if (goes_on) kept->index = base.index.next();
  runs_.erase(runs_.begin(), kept);

  const auto heavier = std::ranges::upper_bound(marks_, base.index, {}, &Mark::index);
  if (heavier != marks_.begin()) marks_.erase(marks_.begin(), std::prev(heavier));
  base_ = base;
  // An entry under the base may still be on its way to disk, and so is the new base itself. Both
  // are durable when the write is that carries the base, not before.
  if (planted(Bug::p62_rebase_counts_too_early)) durable_ = std::max(durable_, base.index);
}

void Outline::restart_from(LogId base) {
  base_ = base;
  last_ = base.index;
  runs_.clear();
  marks_.clear();
  bytes_ = 0;
  durable_ = planted(Bug::p62_rebase_counts_too_early) ? base.index : Index{};
  for (Write& write : in_flight_) write.reaches = Index{};
}

void Outline::submitted(Seq seq) {
  ensure(in_flight_.empty() || in_flight_.back().seq < seq);
  in_flight_.push_back({seq, last_});
}

void Outline::persisted(Seq seq) {
  const auto open = std::ranges::upper_bound(in_flight_, seq, {}, &Write::seq);
  for (auto write = in_flight_.begin(); write != open; ++write)
    durable_ = std::max(durable_, write->reaches);
  in_flight_.erase(in_flight_.begin(), open);
  if (planted(Bug::p52_cut_forgets_writes_in_flight)) durable_ = std::min(durable_, last_);
  ensure(durable_ <= last_);
}

std::uint64_t Outline::weight(Index after, Index through) const {
  if (through <= after) return 0;
  return weight_through(through) - weight_through(after);
}

std::uint64_t Outline::weight_through(Index index) const {
  if (index >= last_) return bytes_;
  const auto after = std::ranges::upper_bound(marks_, index, {}, &Mark::index);
  return after == marks_.begin() ? 0 : std::prev(after)->bytes;
}

}  // namespace bowline::raft

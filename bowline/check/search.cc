// SPDX-License-Identifier: Apache-2.0
#include "bowline/check/search.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "bowline/base/encoding.h"

namespace bowline::check {

Search::Search(std::vector<const Operation*> operations) : operations_(std::move(operations)) {
  make_events();
  std::vector<std::size_t> by_call(operations_.size());
  std::iota(by_call.begin(), by_call.end(), std::size_t{0});
  std::ranges::sort(by_call, {},
                    [this](std::size_t i) { return std::pair(operations_[i]->called, i); });
  slot_.resize(operations_.size());
  std::size_t next = 0;
  for (const std::size_t i : by_call)
    if (operations_[i]->fate == Fate::done) slot_[i] = next++;
  dones_ = open_ = next;
  for (const std::size_t i : by_call) {
    if (operations_[i]->fate != Fate::done) slot_[i] = next++;
    if (const std::uint64_t version = version_needed(*operations_[i]); version != 0)
      needed_.emplace(version, i);
  }
}

void Search::make_events() {
  // What ends when another one begins may still be behind it: calls come first.
  std::vector<std::tuple<std::uint64_t, bool, std::size_t>> moments;
  for (std::size_t i = 0; i < operations_.size(); ++i) {
    moments.emplace_back(operations_[i]->called, false, i);
    if (operations_[i]->fate == Fate::done) moments.emplace_back(operations_[i]->ended, true, i);
  }
  std::ranges::sort(moments);
  end_of_.resize(operations_.size());
  events_.resize(moments.size() + 2);
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const auto& [when, is_end, operation] = moments[i];
    events_[i + 1] = {.operation = operation, .is_end = is_end};
    if (is_end) end_of_[operation] = i + 1;
  }
  for (std::size_t i = 0; i + 1 < events_.size(); ++i) {
    events_[i].after = i + 1;
    events_[i + 1].before = i;
  }
}

Ruling Search::run(std::uint64_t& budget) {
  std::size_t at = events_.front().after;
  while (open_ > 0) {
    if (budget == 0) return Ruling::unknown;
    --budget;
    const bool is_call = at + 1 != events_.size() && !events_[at].is_end;
    if (is_call) {
      at = try_to_place(at) ? events_.front().after : events_[at].after;
    } else if (!go_back(at)) {
      return Ruling::not_linearizable;
    }
  }
  return Ruling::linearizable;
}

bool Search::try_to_place(std::size_t call) {
  const std::size_t number = events_[call].operation;
  const Operation& operation = *operations_[number];
  const bool done = operation.fate == Fate::done;
  const bool changes_nothing = is_read_here(operation, cell_);
  if (!done && changes_nothing) return false;
  Cell next = cell_;
  const Answer answer = apply(operation, next);
  if (done && operation.answer && *operation.answer != answer) return false;
  mark(number);
  if (spoils_an_answer(next) || !is_new(next)) {
    unmark(number);
    return false;
  }
  // Without an answer it might have changed something, at another moment.
  const bool is_read = operation.verb == Verb::get || (changes_nothing && operation.answer);
  placed_.push_back({.call = call, .was = cell_, .only_choice = is_read});
  cell_ = std::move(next);
  take_out(call);
  return true;
}

// Takes back the last that had another choice, and says with what to go on.
bool Search::go_back(std::size_t& next) {
  while (!placed_.empty()) {
    Placed last = std::move(placed_.back());
    placed_.pop_back();
    cell_ = std::move(last.was);
    put_back(last.call);
    if (last.only_choice) continue;
    next = events_[last.call].after;
    return true;
  }
  return false;
}

// Somebody who is not placed has seen an older version.
bool Search::spoils_an_answer(const Cell& cell) const {
  return !needed_.empty() && needed_.begin()->first < cell.version;
}

bool Search::is_new(const Cell& cell) {
  std::string key;
  put_varint(key, number_of(cell));
  put_varint(key, first_open_);
  for (const std::size_t slot : ahead_) put_varint(key, slot - first_open_);
  return seen_.insert(std::move(key)).second;
}

std::uint32_t Search::number_of(const Cell& cell) {
  std::string key(cell.there ? "+" : "-");
  put_varint(key, cell.version);
  key += cell.value;
  return cells_.try_emplace(std::move(key), static_cast<std::uint32_t>(cells_.size()))
      .first->second;
}

void Search::take_out(std::size_t call) {
  const std::size_t operation = events_[call].operation;
  unlink(call);
  if (end_of_[operation] != 0) unlink(end_of_[operation]);
}

void Search::put_back(std::size_t call) {
  const std::size_t operation = events_[call].operation;
  if (end_of_[operation] != 0) link(end_of_[operation]);
  link(call);
  unmark(operation);
}

void Search::unlink(std::size_t event) {
  events_[events_[event].before].after = events_[event].after;
  events_[events_[event].after].before = events_[event].before;
}

void Search::link(std::size_t event) {
  events_[events_[event].before].after = event;
  events_[events_[event].after].before = event;
}

void Search::mark(std::size_t operation) {
  const std::size_t slot = slot_[operation];
  needed_.erase({version_needed(*operations_[operation]), operation});
  ahead_.insert(slot);
  if (slot >= dones_) return;
  --open_;
  while (first_open_ < dones_ && ahead_.erase(first_open_) != 0) ++first_open_;
}

void Search::unmark(std::size_t operation) {
  const std::size_t slot = slot_[operation];
  if (const std::uint64_t version = version_needed(*operations_[operation]); version != 0)
    needed_.emplace(version, operation);
  if (slot < dones_) ++open_;
  // Those behind it were part of the row that had no gap.
  for (; first_open_ > slot; --first_open_) ahead_.insert(first_open_ - 1);
  ahead_.erase(slot);
}

std::vector<std::size_t> Search::order() const {
  std::vector<std::size_t> order;
  order.reserve(placed_.size());
  for (const Placed& placed : placed_) order.push_back(events_[placed.call].operation);
  return order;
}

}  // namespace bowline::check

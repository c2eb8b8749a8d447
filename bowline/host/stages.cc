// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/stages.h"

#include <algorithm>
#include <utility>

namespace bowline::host {
namespace {

constexpr std::size_t many = 32;  // that are over and not taken out yet

}  // namespace

const char* word(Stage stage) {
  switch (stage) {
    case Stage::queued: return "queued";
    case Stage::durable: return "durable";
    case Stage::committed: return "committed";
    case Stage::applied: return "applied";
    case Stage::whole: return "whole";
  }
  std::unreachable();
}

void Laps::given(Ticket ticket, std::uint64_t commands, Time asked, Time now) {
  stages_.add(Stage::queued, now - asked);
  Lap lap;
  lap.ticket = ticket;
  lap.commands = commands;
  lap.asked = asked;
  lap.given = now;
  open_.push_back(lap);
}

Laps::Lap* Laps::find(Ticket ticket) {
  const auto found =
      std::ranges::lower_bound(open_.begin() + first_, open_.end(), ticket, {}, &Lap::ticket);
  return found == open_.end() || found->ticket != ticket ? nullptr : found;
}

void Laps::drop(Ticket ticket) {
  if (const Lap* const lap = find(ticket)) open_.erase(lap);
  drop_finished();
}

void Laps::admitted(const raft::Admitted& told) {
  if (Lap* const lap = find(told.ticket)) lap->last = {told.first.index.value + lap->commands - 1};
}

void Laps::decided(const raft::Decided& told, Time now) {
  if (told.outcome != raft::Outcome::committed) return drop(told.ticket);
  Lap* const lap = find(told.ticket);
  if (lap == nullptr) return;
  lap->is_committed = true;
  lap->committed = now;
  stages_.add(Stage::committed, now - lap->given);
}

void Laps::durable(Index through, Time now) {
  for (std::size_t i = first_; i < open_.size(); ++i) {
    Lap& lap = open_[i];
    if (!lap.last || lap.last > through) break;
    if (std::exchange(lap.is_durable, true)) continue;
    stages_.add(Stage::durable, now - lap.given);
  }
  drop_finished();
}

void Laps::applied(Index through, Time reached, Time answered) {
  for (std::size_t i = first_; i < open_.size(); ++i) {
    Lap& lap = open_[i];
    if (!lap.is_committed || lap.last > through) break;
    if (std::exchange(lap.is_applied, true)) continue;
    stages_.add(Stage::applied, reached - lap.committed);
    stages_.add(Stage::whole, answered - lap.asked);
  }
  drop_finished();
}

// A quorum may have one before our own disk has it.
void Laps::drop_finished() {
  while (first_ < open_.size() && open_[first_].is_applied && open_[first_].is_durable) ++first_;
  if (first_ < open_.size() && (first_ < many || first_ * 2 < open_.size())) return;
  open_.erase(open_.begin(), open_.begin() + first_);
  first_ = 0;
}

}  // namespace bowline::host

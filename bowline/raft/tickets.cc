// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/tickets.h"

#include "bowline/base/ensure.h"

namespace bowline::raft {

void Tickets::admit(Ticket ticket, LogId last, std::uint64_t entries) {
  ensure(entries <= last.index.value);
  waiting_.push_back({ticket, last, entries});
}

void Tickets::committed(Index through, const Outline& log, Effects& effects) {
  erase_if(waiting_, [&](const Waiting& waiting) {
    if (waiting.last.index > through) return false;
    effects.emplace_back(Decided{waiting.ticket, fate(waiting, log)});
    return true;
  });
}

void Tickets::give_up(Effects& effects) {
  for (const Waiting& waiting : waiting_)
    effects.emplace_back(Decided{waiting.ticket, Outcome::unknown});
  waiting_.clear();
}

void Tickets::give_up_lost(const Outline& log, Effects& effects) {
  erase_if(waiting_, [&](const Waiting& waiting) {
    if (log.contains(waiting.last)) return false;
    effects.emplace_back(Decided{waiting.ticket, Outcome::unknown});
    return true;
  });
}

Outcome Tickets::fate(const Waiting& waiting, const Outline& log) {
  const auto term = log.term_at(waiting.last.index);
  // A snapshot took the place of the log: it does not tell which entries went into it.
  if (!term) return Outcome::unknown;
  if (*term == waiting.last.term) return Outcome::committed;
  // Of a batch, a prefix may be committed although its end was overruled: that is neither.
  const Index first{waiting.last.index.value + 1 - waiting.entries};
  const auto first_term = log.term_at(first);
  const bool none_left = first_term && *first_term != waiting.last.term;
  return none_left ? Outcome::overruled : Outcome::unknown;
}

}  // namespace bowline::raft

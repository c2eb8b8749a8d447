// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>

#include "bowline/base/mutant.h"
#include "bowline/host/replica.h"

// Reads that may be a little old, of any member.
namespace bowline::host {

Replica::OldReads& Replica::old_reads() {
  if (old_reads_ == nullptr) old_reads_ = std::make_unique<OldReads>();
  return *old_reads_;
}

bool Replica::is_within(Duration at_most) {
  const auto age = old_reads().freshness.age(applied().index, desks_.env.clock.now(),
                                             options_.raft->drift_permille);
  return age && *age <= at_most && !stateless_ && !installing_;
}

void Replica::read_within(Duration at_most, ReadReply reply) {
  if (*desks_.broken) {  // refused in the next turn, like all else
    old_reads().waiting.push_back({at_most, std::move(reply)});
    return due();
  }
  if (!is_within(at_most / 2)) ask_how_fresh();
  if (!is_within(at_most)) {
    old_reads().waiting.push_back({at_most, std::move(reply)});
    return;
  }
  desks_.env.loop.soon(life_.guard([this, at_most, reply = std::move(reply)]() mutable {
    answer_within(at_most, std::move(reply));
  }));
}

// Time may have passed since it was looked at.
void Replica::answer_within(Duration at_most, ReadReply reply) {
  ++desks_.meters.counters.reads;
  if (is_within(at_most)) return reply(Ready{applied().index});
  ++desks_.meters.counters.refused;
  reply(Refused{raft::Refusal::too_old, core_.leader()});
}

// One question for all that wait, and for those that come before half of their time is over.
void Replica::ask_how_fresh() {
  if (std::exchange(old_reads().asks, true)) return;
  const Time asked = desks_.env.clock.now();
  read(raft::ReadKind::linearizable, life_.guard([this, asked](const ReadOutcome& outcome) {
    old_reads().asks = false;
    if (const auto* ready = std::get_if<Ready>(&outcome)) {
      const bool late = planted(Bug::p80_age_counts_from_the_answer);
      old_reads().freshness.proved(late ? desks_.env.clock.now() : asked, ready->index);
    }
    for (auto& [at_most, reply] : std::exchange(old_reads().waiting, {}))
      answer_within(at_most, std::move(reply));
  }));
}

}  // namespace bowline::host

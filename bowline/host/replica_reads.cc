// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>

#include "bowline/base/mutant.h"
#include "bowline/host/bugs.h"
#include "bowline/host/replica.h"

namespace bowline::host {

// The core counts those that wait for a round. Those that it allowed wait for the machine, which
// may be stuck.
void Replica::give_reads(raft::ReadKind kind, std::vector<ReadReply> replies) {
  desks_.meters.counters.reads += replies.size();
  const std::size_t most = options_.raft->pending_reads;
  const std::size_t room = most - std::min(most, waiters_.reads());
  std::vector<ReadReply> beyond;
  if (replies.size() > room) {
    const auto first = replies.begin() + static_cast<std::ptrdiff_t>(room);
    beyond.assign(std::make_move_iterator(first), std::make_move_iterator(replies.end()));
    replies.erase(first, replies.end());
  }
  if (!replies.empty()) input(raft::Read{waiters_.read(std::move(replies)), kind});
  if (beyond.empty()) return;
  ++desks_.meters.counters.refused;
  for (ReadReply& reply : beyond) reply(Refused{raft::Refusal::full, core_.leader()});
}

// ---- who leads

void Replica::await_leader(Duration within, env::Done<Result<NodeId>> done) {
  if (const std::optional<Error> why = cannot_go_on()) return done(std::unexpected(*why));
  if (core_.leader()) return done(core_.leader());
  if (awaits_leader_ == nullptr) {
    awaits_leader_ = std::make_unique<AwaitsLeader>();
    awaits_leader_->timer = desks_.env.loop.timer([this] {
      tell_leader(std::unexpected(Error{Fault::timeout, "nobody led the group in that time"}),
                  desks_.env.clock.now());
    });
  }
  const Time now = desks_.env.clock.now();
  awaits_leader_->waiting.emplace(within < never - now ? now + within : never, std::move(done));
  desks_.env.loop.set(awaits_leader_->timer, awaits_leader_->waiting.begin()->first);
}

// Those who wait until then at most. Whoever is told may ask again at once.
void Replica::tell_leader(const Result<NodeId>& leader, Time until) {
  if (awaits_leader_ == nullptr) return;
  auto& waiting = awaits_leader_->waiting;
  std::vector<env::Done<Result<NodeId>>> told;
  while (!waiting.empty() && waiting.begin()->first <= until)
    told.push_back(std::move(waiting.extract(waiting.begin()).mapped()));
  desks_.env.loop.set(awaits_leader_->timer, waiting.empty() ? never : waiting.begin()->first);
  for (auto& each : told) each(leader);
}

// ---- those that may be a little old, of any member

Replica::OldReads& Replica::old_reads() {
  if (old_reads_ == nullptr) {
    old_reads_ = std::make_unique<OldReads>();
    old_reads_->timer = desks_.env.loop.timer([this] { refuse_too_old(); });
  }
  return *old_reads_;
}

bool Replica::is_within(Duration at_most) {
  const auto age = old_reads().freshness.age(applied().index, desks_.env.clock.now(),
                                             options_.raft->drift_permille);
  return age && *age <= at_most && !stateless_ && !installing_;
}

void Replica::read_within(Duration at_most, ReadReply reply) {
  if (*desks_.broken || failure_) {  // refused in the next turn, like all else
    old_reads().waiting.emplace(never, OldReads::Waiting{at_most, std::move(reply)});
    return due();
  }
  if (!is_within(at_most / 2)) ask_how_fresh();
  if (!is_within(at_most)) return wait_for_proof(at_most, std::move(reply));
  desks_.env.loop.soon(life_.guard([this, at_most, reply = std::move(reply)]() mutable {
    answer_within(at_most, std::move(reply));
  }));
}

void Replica::wait_for_proof(Duration at_most, ReadReply reply) {
  auto& waiting = old_reads().waiting;
  if (waiting.size() >= options_.raft->pending_reads) {
    ++desks_.meters.counters.reads;
    ++desks_.meters.counters.refused;
    return desks_.env.loop.soon(life_.guard([this, reply = std::move(reply)]() mutable {
      reply(Refused{raft::Refusal::full, core_.leader()});
    }));
  }
  const Time now = desks_.env.clock.now();
  const bool ends = at_most < never - now && !planted(p96_old_read_waits_for_ever);
  const Time until = ends ? now + at_most : never;
  waiting.emplace(until, OldReads::Waiting{at_most, std::move(reply)});
  desks_.env.loop.set(old_reads().timer, waiting.begin()->first);
}

// What was asked may be answered late, or never: that is not what they wait for.
void Replica::refuse_too_old() {
  auto& waiting = old_reads().waiting;
  while (!waiting.empty() && waiting.begin()->first <= desks_.env.clock.now()) {
    auto first = waiting.extract(waiting.begin());
    answer_within(first.mapped().at_most, std::move(first.mapped().reply));
  }
  desks_.env.loop.set(old_reads().timer, waiting.empty() ? never : waiting.begin()->first);
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
    for (auto& [until, read] : std::exchange(old_reads().waiting, {}))
      answer_within(read.at_most, std::move(read.reply));
  }));
}

}  // namespace bowline::host

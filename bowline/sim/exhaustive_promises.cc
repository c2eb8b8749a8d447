// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/exhaustive_promises.h"

#include <algorithm>
#include <variant>

#include "bowline/base/mutant.h"

namespace bowline::sim::small {
namespace {

std::string name(const Replica& r) { return "node " + std::to_string(r.id().value); }
std::string of_term(std::uint64_t term) { return "term " + std::to_string(term); }

std::string promise_vote(Replica& r, std::uint64_t term, std::uint64_t to) {
  const raft::HardState& disk = r.durable.hard;
  if (disk.term.value != term || disk.voted_for.value != to)
    return name(r) + " gives its vote of " + of_term(term) + " to node " + std::to_string(to) +
           " before that is on its disk";
  const bool again = r.voted_in == term && r.voted_for != to;
  if (again || r.voted_in > term)
    return name(r) + " votes for node " + std::to_string(to) + " in " + of_term(term) +
           ", and has voted for node " + std::to_string(r.voted_for) + " in " + of_term(r.voted_in);
  r.voted_in = term;
  r.voted_for = to;
  return {};
}

bool on_disk(const Replica& r, LogId id) {
  if (!id.index) return true;
  const Line* line = r.durable.at(id.index);
  return line != nullptr && line->entry.id == id;
}

std::string broken_by(Replica& r, const Letter& letter) {
  const std::uint64_t term = letter.message.term.value;
  const raft::Body& body = letter.message.body;
  if (const auto* vote = std::get_if<raft::VoteReply>(&body); vote != nullptr && !vote->pre)
    return vote->granted ? promise_vote(r, term, letter.to.value) : "";
  if (const auto* asked = std::get_if<raft::VoteRequest>(&body)) {
    r.campaign = asked->campaign;
    if (asked->pre) return {};
    if (!on_disk(r, asked->last))
      return name(r) + " asks for votes with an entry that is not on its disk";
    return promise_vote(r, term, r.id().value);
  }
  const auto* ack = std::get_if<raft::AppendReply>(&body);
  if (ack == nullptr || !ack->matched) return {};
  if (r.durable.hard.term.value < term)
    return name(r) + " acknowledges in " + of_term(term) + " before that is on its disk";
  if (r.durable.last() < ack->match)
    return name(r) + " acknowledges entry " + std::to_string(ack->match.value) +
           " before it is on its disk";
  return {};
}

std::string broken_by_state(const Replica& r) {
  const raft::Outline& log = r.core.outline();
  const Line* last = r.written.at(r.written.last());
  if (log.last() != (last == nullptr ? LogId{} : last->entry.id))
    return name(r) + "'s log ends elsewhere than it believes";
  const Marks disk = marks(r.durable, log.durable());
  if (disk.size() < log.durable().value || disk != marks(r.written, log.durable()))
    return name(r) + " takes entry " + std::to_string(log.durable().value) +
           " for durable, which it is not";
  if (r.writes.empty() && r.durable.hard.term != r.core.term())
    return name(r) + " did not write its term down";
  return {};
}

bool grew(const Image& before, const Image& after) {
  const Marks old = marks(before, before.last());
  return old.size() <= after.lines.size() && old == marks(after, before.last());
}

}  // namespace

std::string broken_promise(const Replica& before, Taken& taken) {
  Replica& r = taken.after;
  if (r.core.term() < before.core.term()) return name(r) + "'s term went back";
  if (r.core.commit() < before.core.commit()) return name(r) + "'s commit went back";
  const Term term = before.core.term();
  if (before.core.leads(term) && r.core.leads(term) && !grew(before.written, r.written))
    return name(r) + " leads " + of_term(term.value) + " and changed its own log";
  for (const Letter& letter : taken.sent)
    if (std::string broken = broken_by(r, letter); !broken.empty()) return broken;
  return broken_by_state(r);
}

}  // namespace bowline::sim::small

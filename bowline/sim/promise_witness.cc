// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/promise_witness.h"

#include <algorithm>
#include <variant>

#include "bowline/raft/membership_codec.h"
#include "bowline/words/describe.h"

namespace bowline::sim {
namespace {

bool names(const Site& site, const raft::Membership* membership) {
  const raft::Member* self = membership == nullptr ? nullptr : membership->find(site.id);
  return self != nullptr && self->incarnation == site.incarnation;
}

bool is_named(const Site& site) {
  const Image& log = site.written;
  if (names(site, log.base.membership.get())) return true;
  return std::ranges::any_of(log.lines, [&](const Line& line) {
    return line.entry.kind == raft::Kind::membership &&
           names(site, raft::decode_membership(line.entry.payload.view()).get());
  });
}

}  // namespace

void PromiseWitness::crashed(const Site& site) {
  said_.erase(site.id);  // what was to leave is gone, and what named it may be, too
  std::erase_if(reigns_, [&](const auto& reign) { return reign.second.leader == site.id; });
  check_disk(site);
}

void PromiseWitness::wiped(const Site& site, Incarnation) {
  disks_.erase(site.id);
  acks_.erase(site.id);
}

void PromiseWitness::check_disk(const Site& site) {
  raft::HardState& before = disks_[site.id];
  const raft::HardState& now = site.durable.hard;
  if (now.term < before.term)
    return violated("I7", "the disk of " + name(site.id) + " went back from " + name(before.term) +
                              " to " + name(now.term));
  if (now.term == before.term && before.voted_for &&
      (now.voted_for != before.voted_for || now.voted_incarnation != before.voted_incarnation))
    return violated("I8",
                    "the disk of " + name(site.id) + " changed its vote of " + name(now.term));
  before = now;
}

void PromiseWitness::saw(const Site& site, const Mind& mind, const raft::Input&,
                         const raft::Effects& effects) {
  if (mind.role == raft::Role::leader) reigns_[mind.term] = {site.id, site.life};
  const raft::Persist* write = write_of(effects);
  if (write == nullptr) return;
  // A vote may leave after a snapshot has put its voter out.
  if (write->hard_state && write->hard_state->voted_for && is_named(site))
    said_[site.id] = {site.incarnation, write->hard_state->term};
  if (!write->cut_after && !write->discard) return;
  const auto ack = acks_.find(site.id);
  if (ack == acks_.end() || ack->second.term != site.written.hard.term) return;
  const Image& log = site.written;
  if (log.base.id.index >= ack->second.match) return;
  if (prefix_at(log, ack->second.match) != ack->second.prefix)
    violated("I9", name(site.id) + " cuts what it acknowledged through " + name(ack->second.match) +
                       " in " + name(ack->second.term));
}

void PromiseWitness::sent(const Site& site, NodeId to, const raft::Message& message) {
  if (const auto* request = std::get_if<raft::VoteRequest>(&message.body)) {
    if (!request->pre) sent_request(site, message, *request);
  } else if (const auto* reply = std::get_if<raft::VoteReply>(&message.body)) {
    if (reply->granted && !reply->pre) sent_grant(site, to, message);
  } else if (const auto* ack = std::get_if<raft::AppendReply>(&message.body)) {
    if (ack->matched) sent_ack(site, to, message, ack->match);
  }
}

void PromiseWitness::votes(const Site& site, Term term, Vote vote) {
  const auto [former, first] = votes_.try_emplace({site.id, site.incarnation, term}, vote);
  if (!first && former->second != vote)
    violated("I8", name(site.id) + " votes for " + name(vote.candidate) + " in " + name(term) +
                       ", and has voted for " + name(former->second.candidate));
}

// If the disk is in a newer term already, then no crash can undo what was promised in this one.
void PromiseWitness::sent_request(const Site& site, const raft::Message& message,
                                  const raft::VoteRequest& request) {
  votes(site, message.term, {site.id, site.incarnation});
  const raft::HardState& hard = site.durable.hard;
  const bool stands = hard.term == message.term && hard.voted_for == site.id;
  if (!stands && hard.term <= message.term)
    return violated("I9", name(site.id) + " asks for votes in " + name(message.term) +
                              ", and its own vote is not on its disk");
  const Image& disk = site.durable;
  const Line* line = disk.at(request.last.index);
  const bool there = disk.base.id.index > request.last.index || disk.base.id == request.last ||
                     (line != nullptr && line->entry.id == request.last);
  if (!there && stands)
    violated("I9", name(site.id) + " asks for votes with a log through " +
                       raft::text(request.last) + " that is not on its disk");
}

void PromiseWitness::sent_grant(const Site& site, NodeId to, const raft::Message& message) {
  votes(site, message.term, {to, message.to});
  const raft::HardState& hard = site.durable.hard;
  if (hard.blank && !is_named(site) && said_[site.id] != Say{site.incarnation, message.term})
    return violated("I26", name(site.id) + " votes in " + name(message.term) +
                               ", and no membership of its log names this life of it");
  const bool there =
      hard.term == message.term && hard.voted_for == to && hard.voted_incarnation == message.to;
  if (!there && hard.term <= message.term)
    violated("I9", name(site.id) + " votes for " + name(to) + " in " + name(message.term) +
                       ", and this is not on its disk");
}

void PromiseWitness::sent_ack(const Site& site, NodeId to, const raft::Message& message,
                              Index match) {
  const Image& disk = site.durable;
  if (disk.hard.term > message.term) return;
  if (disk.hard.term < message.term)
    return violated("I9", name(site.id) + " acknowledges in " + name(message.term) +
                              ", which is not on its disk");
  if (match > disk.last())
    return violated("I9", name(site.id) + " acknowledges " + name(match) + " in " +
                              name(message.term) + ", and its disk ends at " + name(disk.last()));
  check_against_leader(site, to, message.term, match);
  Ack& ack = acks_[site.id];
  if (ack.term == message.term && ack.match > match) return;
  if (const auto prefix = prefix_at(disk, match)) ack = {message.term, match, *prefix};
}

void PromiseWitness::check_against_leader(const Site& site, NodeId to, Term term, Index match) {
  const auto reign = reigns_.find(term);
  if (reign == reigns_.end() || reign->second.leader != to) return;
  const Site* leader = court().site(to);
  const bool leads =
      leader != nullptr && leader->life == reign->second.life && leader->written.hard.term == term;
  if (!leads || match < leader->written.base.id.index || match < site.durable.base.id.index) return;
  if (prefix_at(site.durable, match) != prefix_at(leader->written, match))
    violated("I9", name(site.id) + " acknowledges " + name(match) + " to " + name(to) + " in " +
                       name(term) + ", and has another log");
}

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/heartbeat_witness.h"

#include <algorithm>
#include <chrono>
#include <variant>

namespace bowline::sim {
namespace {

// A turn takes no time.
constexpr Duration at_once = std::chrono::milliseconds(20);

// A question that has to be answered: a heartbeat, whatever else it is.
bool is_question(const raft::Message& message) {
  if (std::holds_alternative<raft::SnapshotOffer>(message.body)) return true;
  const auto* append = std::get_if<raft::AppendRequest>(&message.body);
  return append != nullptr && !append->news;
}

bool is_question(const raft::Effect& effect) {
  const auto* send = std::get_if<raft::Send>(&effect);
  return send == nullptr ? std::holds_alternative<raft::SendSpan>(effect)
                         : is_question(send->message);
}

}  // namespace

void HeartbeatWitness::started(const Site& site) {
  last_[site.id] = court().true_time();
  owed_.erase(site.id);
}

void HeartbeatWitness::noted(const Note& note) {
  if (note.what != Note::What::resumed) return;
  last_[note.node] = court().true_time();
  owed_.erase(note.node);
}

// Clocks run at most a tenth too slow, or two.
void HeartbeatWitness::saw(const Site& site, const Mind& mind, const raft::Input&,
                           const raft::Effects& effects) {
  Time& last = last_[site.id];
  const Time now = court().true_time();
  const bool leads = mind.role == raft::Role::leader && !mind.peers.empty();
  const bool asks =
      std::ranges::any_of(effects, [](const raft::Effect& effect) { return is_question(effect); });
  const bool late = now - last > options_.heartbeat_every() * 3 / 2 + at_once;
  if (leads && late && !asks && !mind.asleep)
    return violated("I22", name(site.id) + " leads and has sent no heartbeat for " +
                               std::to_string((now - last) / std::chrono::milliseconds(1)) + " ms");
  if (!leads || mind.asleep || asks) last = now;
  judge_what_waits(site);
  if (leads) note_what_is_asked(site, effects);
}

// ---- what becomes of it

void HeartbeatWitness::judge_what_waits(const Site& site) const {
  const auto all = owed_.find(site.id);
  if (all == owed_.end()) return;
  for (const auto& [to, owed] : all->second)
    if (const Duration waits = court().true_time() - owed.since; waits > at_once)
      return violated("I22", name(site.id) + " has a heartbeat for " + name(to) +
                                 " that has not left for " +
                                 std::to_string(waits / std::chrono::milliseconds(1)) + " ms");
}

// Entries may wait for the disk, and until a peer has taken others.
void HeartbeatWitness::note_what_is_asked(const Site& site, const raft::Effects& effects) {
  for (const raft::Effect& effect : effects)
    if (const auto* send = std::get_if<raft::Send>(&effect))
      if (is_question(send->message))
        owed_[site.id].try_emplace(send->to, Owed{court().true_time()});
}

void HeartbeatWitness::sent(const Site& site, NodeId to, const raft::Message& message) {
  if (!is_question(message)) return;
  std::map<NodeId, Owed>& owed = owed_[site.id];
  if (const auto one = owed.find(to); one != owed.end()) one->second.framed = true;
}

void HeartbeatWitness::shipped(const Site& site, NodeId to) {
  std::map<NodeId, Owed>& owed = owed_[site.id];
  if (const auto one = owed.find(to); one != owed.end() && one->second.framed) owed.erase(one);
}

void HeartbeatWitness::no_way(const Site& site, NodeId to) { owed_[site.id].erase(to); }

}  // namespace bowline::sim

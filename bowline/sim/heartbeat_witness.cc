// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/heartbeat_witness.h"

#include <algorithm>
#include <chrono>
#include <variant>

namespace bowline::sim {
namespace {

// A question that has to be answered: a heartbeat, whatever else it is.
bool is_question(const raft::Effect& effect) {
  const auto* send = std::get_if<raft::Send>(&effect);
  if (send == nullptr) return std::holds_alternative<raft::SendSpan>(effect);
  if (std::holds_alternative<raft::SnapshotOffer>(send->message.body)) return true;
  const auto* append = std::get_if<raft::AppendRequest>(&send->message.body);
  return append != nullptr && !append->news;
}

}  // namespace

void HeartbeatWitness::started(const Site& site) { last_[site.id] = court().true_time(); }

void HeartbeatWitness::noted(const Note& note) {
  if (note.what == Note::What::resumed) last_[note.node] = court().true_time();
}

// Clocks run at most a tenth too slow, or two.
void HeartbeatWitness::saw(const Site& site, const Mind& mind, const raft::Input&,
                           const raft::Effects& effects) {
  Time& last = last_[site.id];
  const Time now = court().true_time();
  const bool leads = mind.role == raft::Role::leader && !mind.peers.empty();
  const bool late = now - last > options_.heartbeat_every() * 3 / 2 + std::chrono::milliseconds(20);
  if (leads && late && !std::ranges::any_of(effects, is_question) && !mind.asleep)
    return violated("I22", name(site.id) + " leads and has sent no heartbeat for " +
                               std::to_string((now - last) / std::chrono::milliseconds(1)) + " ms");
  if (!leads || mind.asleep || std::ranges::any_of(effects, is_question)) last = now;
}

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bowline/sim/world.h"

namespace bowline::sim {

// Counted and seen, whoever carries it. False: it must not leave.
bool World::left(Node& node, NodeId to, const raft::Message& message) {
  if (!site(to) || to == node.site.id) {
    violated({"I24", "a message to a node that does not exist, or to its sender"});
    return false;
  }
  const std::size_t kind = message.body.index();
  const std::uint64_t bytes = weight(message);
  ++counters_.messages;
  counters_.message_bytes += bytes;
  ++node.traffic.messages[kind];
  node.traffic.bytes[kind] += bytes;
  mix(fingerprint(message));
  for (Witness* witness : witnesses_) witness->sent(node.site, to, message);
  return true;
}

void World::post(Node& node, NodeId to, raft::Message message) {
  const NodeId from = node.site.id;
  if (!left(node, to, message)) return;
  const std::size_t kind = message.body.index();
  if (filter_ && !filter_(from, to, message)) return;
  const Fate fate = network_.send(from, to, now_);
  if (fate.lost) {
    ++counters_.messages_lost;
    note({Note::What::message_lost, from, to, kind});
    tell_loss(from, to);
  }
  if (fate.copies > 1) {
    ++counters_.messages_doubled;
    note({Note::What::message_doubled, from, to, kind});
  }
  const std::uint64_t life = plan_.climate.outlives_process ? 0 : mine(to).site.life;
  const auto deliver = [&](std::size_t i, raft::Message copy) {
    agenda_.add({.at = fate.at[i],
                 .what = What::input,
                 .node = Node::small(to),
                 .slot = letters_.put({raft::Received{from, std::move(copy)}, from, now_}),
                 .life = life});
  };
  for (std::size_t i = 0; i + 1 < fate.copies; ++i) deliver(i, message);
  if (fate.copies > 0) deliver(fate.copies - 1U, std::move(message));
}

void World::tell_loss(NodeId from, NodeId to) {
  Node& node = mine(from);
  if (!plan_.climate.tells_losses || !node.chance.happens("loss is told", 500'000)) return;
  agenda_.add(
      {.at = now_ + node.chance.exponential("loss is told after", plan_.climate.latency_floor * 2),
       .what = What::input,
       .node = Node::small(from),
       .slot = letters_.put({raft::Unreachable{to}, {}, now_}),
       .life = node.site.life});
}

// `by` learns that its connection to `peer` is closed; unless it is open again by then.
void World::suspicion_of(NodeId peer, NodeId by) {
  Node& node = mine(by);
  if (!node.up()) return;
  agenda_.add({.at = now_ + node.chance.exponential("suspects after", plan_.climate.suspicion),
               .what = What::input,
               .node = Node::small(by),
               .slot = letters_.put({raft::Suspect{peer}, peer, now_}),
               .life = node.site.life});
}

bool World::doubtful(const Node& node, const Letter& letter) const {
  if (std::holds_alternative<raft::Received>(letter.input)) {
    const bool too_late = letter.sent < letters_since_ && now_ > letters_until_;
    return too_late || network_.cut(letter.from, node.site.id);
  }
  if (std::holds_alternative<raft::Suspect>(letter.input) && letter.from)
    return up(letter.from) && network_.joined(letter.from, node.site.id);
  return false;
}

void World::deliver(Node& node, Letter letter) {
  if (doubtful(node, letter)) return;
  if (std::holds_alternative<raft::Suspect>(letter.input)) ++counters_.suspicions;
  step(node, std::move(letter.input));
}

void World::cut_one_way(NodeId from, NodeId to) {
  network_.add_cut(from, to);
  ++counters_.links_cut;
  if (!plan_.climate.tells_suspicions || plan_.whole) return;
  suspicion_of(from, to);
  suspicion_of(to, from);
}

void World::cut(NodeId a, NodeId b) {
  cut_one_way(a, b);
  cut_one_way(b, a);
}

void World::heal(NodeId a, NodeId b) {
  network_.heal(a, b);
  network_.heal(b, a);
}

void World::isolate(NodeId id) {
  for (const Node& other : nodes_)
    if (other.site.id != id) cut(id, other.site.id);
}

void World::reconnect(NodeId id) {
  for (const Node& other : nodes_)
    if (other.site.id != id) heal(id, other.site.id);
}

void World::heal_all() {
  for (const Node& node : nodes_) reconnect(node.site.id);
}

void World::forget_late_messages(Duration after) {
  letters_since_ = now_;
  letters_until_ = now_ + after;
}

}  // namespace bowline::sim

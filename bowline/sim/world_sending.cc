// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bowline/base/mutant.h"
#include "bowline/sim/world.h"

namespace bowline::sim {

void World::post(Node& node, NodeId to, raft::Message message) {
  const NodeId from = node.site.id;
  if (!site(to) || to == from)
    return violated({"I24", "a message to a node that does not exist, or to its sender"});
  const std::size_t kind = message.body.index();
  const std::uint64_t bytes = weight(message);
  ++counters_.messages;
  counters_.message_bytes += bytes;
  ++node.traffic.messages[kind];
  node.traffic.bytes[kind] += bytes;
  mix(fingerprint(message));
  for (Witness* witness : witnesses_) witness->sent(node.site, to, message);
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

void World::perform(Node& node, raft::SendSpan& send) {
  if (plan_.climate.courier.count() == 0) return send_span(node, std::move(send));
  agenda_.add({.at = now_ + node.courier_chance.exponential("courier", plan_.climate.courier),
               .what = What::errand,
               .node = Node::small(node.site.id),
               .slot = errands_.put({std::move(send)}),
               .life = node.site.life});
}

void World::perform(Node& node, raft::SendEntries& send) {
  agenda_.add({.at = now_ + node.courier_chance.exponential("courier", plan_.climate.courier),
               .what = What::errand,
               .node = Node::small(node.site.id),
               .slot = errands_.put({std::move(send)}),
               .life = node.site.life});
}

void World::run_errand(Node& node, Errand errand) {
  if (auto* span = std::get_if<raft::SendSpan>(&errand.effect))
    return send_span(node, std::move(*span));
  send_entries(node, std::move(std::get<raft::SendEntries>(errand.effect)));
}

bool World::readable(const Node& node, Index index) const {
  return !node.site.written.rotten.covers(index);
}

// How many of the entries go into the next message.
std::uint64_t World::span_part(Node& node, std::uint64_t left) {
  if (!plan_.climate.courier_splits || left <= 1) return left;
  if (!node.courier_chance.happens("splits", 300'000)) return left;
  return 1 + node.courier_chance.below("splits after", left - 1);
}

void World::send_span(Node& node, raft::SendSpan send) {
  const raft::Core& core = *node.site.core;
  const Image& image = node.site.written;
  auto& head = std::get<raft::AppendRequest>(send.head.body);
  if (!core.leads(send.head.term) && !planted(Bug::p67_span_of_an_old_term_sent)) return;
  if (!contains(image, head.prev)) {
    // Only a later leader's log can lack it: ours loses entries at the front alone.
    if (!planted(Bug::p67_span_of_an_old_term_sent)) return;
    if (head.prev.index < image.base.id.index || head.prev.index >= image.last()) return;
  }
  const Index last = std::min(send.last, image.last());
  Index next = head.prev.index.next();
  while (next <= last) {
    std::uint64_t left = span_part(node, last - next + 1);
    raft::Message message = send.head;
    auto& body = std::get<raft::AppendRequest>(message.body);
    body.entries.reserve(left);
    for (; left > 0; --left, next = next.next()) {
      if (!readable(node, next)) return notice_rot(node, next);
      body.entries.push_back(image.at(next)->entry);
    }
    head.prev = body.entries.back().id;
    post(node, send.to, std::move(message));
  }
}

void World::send_entries(Node& node, raft::SendEntries send) {
  auto& body = std::get<raft::EntriesReply>(send.head.body);
  for (const LogId id : send.wanted) {
    const Line* line = node.site.written.at(id.index);
    if (line == nullptr || line->entry.id != id) continue;
    if (!readable(node, id.index)) {
      notice_rot(node, id.index);
      continue;
    }
    body.entries.push_back(line->entry);
  }
  if (!body.entries.empty()) post(node, send.to, std::move(send.head));
}

// A line that cannot be read: the core is told, as soon as it is not in a step.
void World::notice_rot(Node& node, Index index) {
  agenda_.add({.at = now_,
               .what = What::input,
               .node = Node::small(node.site.id),
               .slot = letters_.put({raft::Unreadable{index, index}, {}, now_}),
               .life = node.site.life});
  note({Note::What::noticed, node.site.id, {}, index.value});
}

void World::cut_one_way(NodeId from, NodeId to) {
  network_.add_cut(from, to);
  ++counters_.links_cut;
  if (!plan_.climate.tells_suspicions) return;
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

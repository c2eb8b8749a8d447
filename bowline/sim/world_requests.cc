// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>

#include "bowline/session/envelope.h"
#include "bowline/sim/world.h"

namespace bowline::sim {

Ticket World::open(NodeId id, Request::Kind kind) {
  Request request;
  request.kind = kind;
  request.node = id;
  request.begun = now_;
  request.life = node(id).site.life;
  requests_.push_back(request);
  return Ticket{requests_.size()};
}

void World::submit(Ticket ticket, raft::Input input) {
  Request& request = requests_[ticket.value - 1];
  if (up(request.node)) return give(request.node, std::move(input));
  request.state = Request::State::lost;
  request.ended = now_;
}

Ticket World::propose(NodeId id, Bytes command) {
  std::vector<Bytes> commands;
  commands.push_back(std::move(command));
  return propose(id, std::move(commands));
}

Ticket World::propose(NodeId id, std::vector<Bytes> commands, Term expected) {
  if (play_ != nullptr) {
    for (Bytes& command : commands) command = play_->command(command);
  } else if (plan_.whole) {
    for (Bytes& command : commands)
      command = Bytes::own(session::encode({.tag = 0, .body = session::Plain{command.view()}}));
  }
  return offer(id, std::move(commands), expected);
}

Ticket World::send(NodeId id, std::string envelope) {
  std::vector<Bytes> commands;
  commands.push_back(Bytes::own(std::move(envelope)));
  return offer(id, std::move(commands), {});
}

Ticket World::offer(NodeId id, std::vector<Bytes> commands, Term expected) {
  const Ticket ticket = open(id, Request::Kind::write);
  if (up(id))
    for (const Bytes& command : commands)
      for (Witness* witness : witnesses_) witness->write_begun(ticket, command);
  submit(ticket, raft::Propose{ticket, std::move(commands), expected});
  return ticket;
}

template <class Input>
Ticket World::ask(NodeId id, Request::Kind kind, Input input) {
  const Ticket ticket = input.ticket = open(id, kind);
  submit(ticket, std::move(input));
  return ticket;
}

Ticket World::barrier(NodeId id) { return ask(id, Request::Kind::barrier, raft::Barrier{{}}); }

Ticket World::read(NodeId id, raft::ReadKind kind) {
  const bool verify = kind == raft::ReadKind::verify;
  const Ticket ticket = open(id, verify ? Request::Kind::verify : Request::Kind::read);
  if (up(id))
    for (Witness* witness : witnesses_) witness->read_begun(ticket, node(id).site, kind);
  submit(ticket, raft::Read{ticket, kind});
  return ticket;
}

Ticket World::transfer(NodeId id, NodeId to) {
  return ask(id, Request::Kind::transfer, raft::Transfer{{}, to});
}

Ticket World::reconfigure(NodeId id, std::vector<raft::Wanted> wanted,
                          std::optional<Index> expected) {
  return ask(id, Request::Kind::change, raft::Reconfigure{{}, std::move(wanted), expected});
}

Ticket World::cancel_change(NodeId id) {
  return ask(id, Request::Kind::change, raft::CancelChange{{}});
}

Ticket World::recover(NodeId id, ClusterId anew) {
  if (up(id)) mine(id).forcing = anew;
  return ask(id, Request::Kind::recover, raft::Recover{{}, anew});
}

// A request gets one last word, from the life of the node that it was given to.
Request* World::closing(Node& node, Ticket ticket) {
  const bool known = ticket && ticket.value <= requests_.size();
  Request* request = known ? &requests_[ticket.value - 1] : nullptr;
  const bool fits = known && request->node == node.site.id && request->life == node.site.life;
  if (fits &&
      (request->state == Request::State::waiting || request->state == Request::State::admitted)) {
    request->ended = now_;
    return request;
  }
  violated({"I25", "node " + std::to_string(node.site.id.value) + " answers request " +
                       std::to_string(ticket.value) + " which it does not owe an answer"});
  return nullptr;
}

void World::perform(Node& node, raft::Admitted& admitted) {
  const Ticket ticket = admitted.ticket;
  if (!ticket || ticket.value > requests_.size()) return;
  Request& request = requests_[ticket.value - 1];
  if (request.state != Request::State::waiting)
    return violated({"I25", "node " + std::to_string(node.site.id.value) + " admits request " +
                                std::to_string(ticket.value) + " late"});
  request.state = Request::State::admitted;
  request.first = admitted.first;
}

void World::perform(Node& node, raft::Refused& refused) {
  Request* request = closing(node, refused.ticket);
  if (request == nullptr) return;
  request->state = Request::State::refused;
  request->why = refused.why;
  request->leader = refused.leader;
  ++counters_.refused;
  if (request->kind == Request::Kind::recover) node.forcing = {};
  if (request->kind == Request::Kind::write)
    for (Witness* witness : witnesses_) witness->write_refused(refused.ticket);
  tell_closed(refused.ticket);
}

void World::perform(Node& node, raft::Decided& decided) {
  Request* request = closing(node, decided.ticket);
  if (request == nullptr) return;
  request->state = Request::State::decided;
  request->outcome = decided.outcome;
  ++counters_.outcomes[static_cast<std::size_t>(decided.outcome)];
  // What a cluster that was given up still says binds nobody.
  const raft::Outcome told = node.site.given_up ? raft::Outcome::unknown : decided.outcome;
  if (request->kind == Request::Kind::write)
    for (Witness* witness : witnesses_) witness->write_ended(decided.ticket, told);
  tell_closed(decided.ticket);
}

void World::perform(Node& node, raft::ReadReady& ready) {
  Request* request = closing(node, ready.ticket);
  if (request == nullptr) return;
  request->state = Request::State::allowed;
  request->read_at = ready.index;
  node.reads.push_back({ready.ticket, ready.index});
  serve_reads(node);
}

// Whoever waited for a node that died learns nothing: it may be done, or not.
void World::lose_requests(Node& node) {
  for (std::size_t i = node.open_from; i < requests_.size(); ++i) {
    Request& request = requests_[i];
    if (request.node != node.site.id || !request.open()) continue;
    request.state = Request::State::lost;
    request.ended = now_;
    ++counters_.unanswered;
    if (request.kind == Request::Kind::write)
      for (Witness* witness : witnesses_)
        witness->write_ended(Ticket{i + 1}, raft::Outcome::unknown);
    tell_closed(Ticket{i + 1});
  }
  node.open_from = requests_.size();
}

NodeId World::leader() const {
  NodeId best;
  Term term;
  for (const Node& node : nodes_) {
    if (!node.up() || node.site.given_up || node.site.core->role() != raft::Role::leader) continue;
    if (best && node.site.core->term() <= term) continue;
    best = node.site.id;
    term = node.site.core->term();
  }
  return best;
}

std::size_t World::leaders() const {
  return static_cast<std::size_t>(std::ranges::count_if(nodes_, [](const Node& node) {
    return node.up() && node.site.core->role() == raft::Role::leader;
  }));
}

bool World::wait_for_leader(Duration at_most) {
  return run_until([this] { return leader() != NodeId{}; }, at_most);
}

bool World::wait_for(Ticket ticket, Duration at_most) {
  return run_until([&] { return !request(ticket).open(); }, at_most);
}

std::size_t World::applied_by(Index index) const {
  return static_cast<std::size_t>(std::ranges::count_if(nodes_, [&](const Node& node) {
    return node.up() && node.site.machine.applied.index >= index;
  }));
}

bool World::wait_applied(Index index, Duration at_most) {
  const auto count = [&] {
    return static_cast<std::size_t>(
        std::ranges::count_if(nodes_, [](const Node& node) { return node.up(); }));
  };
  return run_until([&] { return applied_by(index) == count(); }, at_most);
}

void World::reset_traffic() {
  for (Node& node : nodes_) node.traffic = {};
}

}  // namespace bowline::sim

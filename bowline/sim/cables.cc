// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/cables.h"

#include "bowline/base/ensure.h"

namespace bowline::sim {
namespace {

constexpr std::uint16_t first_free_port = 49152;
constexpr std::uint16_t free_ports = 16384;

}  // namespace

// It may end itself by that.
void Listening::accept(std::unique_ptr<env::Connection> connection) {
  if (!open || !tenant->alive) return;
  auto calls = std::move(accepted);
  calls(std::move(connection));
  if (open) accepted = std::move(calls);
}

Cables::Host& Cables::host(NodeId node) {
  ensure(knows(node));
  return hosts_[node.value - 1];
}

template <class Act>
void Cables::with(Plug plug, Act act) {
  const auto found = lines_.find(plug.cable);
  if (found == lines_.end()) return;
  act(found->second.cable);
  if (found->second.cable.over()) lines_.erase(found);
}

void Cables::send(Plug plug, std::string bytes) {
  with(plug, [&](Cable& cable) { cable.send(plug.side, std::move(bytes)); });
}

std::uint64_t Cables::queued(Plug plug) const {
  const auto found = lines_.find(plug.cable);
  return found == lines_.end() ? 0 : found->second.cable.queued(plug.side);
}

void Cables::took(Plug plug, std::uint64_t bytes) {
  with(plug, [&](Cable& cable) { cable.took(plug.side, bytes); });
}

void Cables::leave(Plug plug) {
  with(plug, [&](Cable& cable) { cable.leave(plug.side); });
}

void Cables::run_next() {
  const Packet packet = wires_.take();
  const auto found = lines_.find(packet.to.cable);
  if (found == lines_.end()) return;
  Line& line = found->second;
  const NodeId to = line.cable.node(packet.to.side);
  const NodeId from = line.cable.node(other(packet.to.side));
  if (packet.travels() && (wires_.cut(from, to) || !host(to).has_power)) return;
  if (packet.to.side == Side::answerer && line.cable.unanswered() && !answer(packet.to.cable, line))
    return;
  with(packet.to, [&](Cable& cable) { cable.take(packet); });
}

// The first packet gets there.
bool Cables::answer(std::uint64_t id, Line& line) {
  const auto found = listening_.find(line.address);
  if (found == listening_.end()) {
    line.cable.refuse();
    return false;
  }
  const auto& listening = found->second;
  const Plug plug{.cable = id, .side = Side::answerer};
  const NodeAddress caller{.node = line.cable.node(Side::caller),
                           .port = static_cast<std::uint16_t>(first_free_port + id % free_ports)};
  line.cable.answer(
      std::make_shared<Socket>(*this, listening->tenant, plug, caller.text(),
                               [listening](Result<std::unique_ptr<env::Connection>> connection) {
                                 if (connection) listening->accept(std::move(*connection));
                               }));
  return true;
}

void Cables::connect(const std::shared_ptr<Tenant>& tenant, const NodeAddress& address,
                     Socket::Birth birth) {
  ensure(knows(address.node));
  if (!tenant->alive) return;
  const Plug plug{.cable = ++lines_made_, .side = Side::caller};
  const auto [at, fresh] =
      lines_.try_emplace(plug.cable, wires_, plug.cable, tenant->node, address);
  at->second.cable.call(
      std::make_shared<Socket>(*this, tenant, plug, address.text(), std::move(birth)));
}

Result<NodeAddress> Cables::listen(NodeAddress address,
                                   const std::shared_ptr<Listening>& listening) {
  const bool any = address.port == 0;
  if (any) address.port = first_free_port;
  while (any && listening_.contains(address)) ++address.port;
  if (listening_.contains(address))
    return std::unexpected(Error{Fault::exists, address.text() + ": somebody listens there"});
  if (address.node != listening->tenant->node)
    return std::unexpected(Error{Fault::not_found, address.text() + ": this is another node"});
  if (listening->tenant->alive) listening_.emplace(address, listening);
  return address;
}

std::shared_ptr<Tenant> Cables::admit(NodeId node, ProcessLoop& loop, Chance& chance) {
  Host& here = host(node);
  ensure(here.tenant == nullptr || !here.tenant->alive);
  here.tenant =
      std::make_shared<Tenant>(Tenant{.node = node, .loop = loop, .chance = chance, .woke = woke_});
  here.has_power = true;
  return here.tenant;
}

void Cables::end(const Tenant& tenant, Ending ending) {
  if (tenant.alive) end_at(tenant.node, ending);
}

void Cables::end_at(NodeId node, Ending ending) {
  Host& here = host(node);
  if (here.tenant != nullptr) here.tenant->alive = false;
  if (ending == Ending::power) here.has_power = false;
  std::erase_if(listening_, [&](const auto& entry) { return entry.first.node == node; });
  // What nobody will be told any more dies last: it may call us when it does.
  std::vector<Socket::Birth> unborn;
  for (auto at = lines_.begin(); at != lines_.end();) {
    Cable& cable = at->second.cable;
    for (const Side side : {Side::caller, Side::answerer})
      if (cable.node(side) == node)
        if (const auto socket = cable.lose(side, ending)) unborn.push_back(socket->orphan());
    at = cable.over() ? lines_.erase(at) : std::next(at);
  }
}

}  // namespace bowline::sim

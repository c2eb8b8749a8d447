// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/sim/hash.h"
#include "bowline/sim/simulated_network.h"

namespace bowline::sim {

// One side of a connection, and what came of it.
struct Speaker {
  std::unique_ptr<env::Connection> connection;
  std::string received;
  std::size_t receptions = 0;
  std::size_t drained = 0;
  std::optional<Error> closed;
  std::function<void()> on_received = [] {};

  bool closed_with(Fault fault) const { return closed && closed->fault == fault; }
  void begin() {
    connection->begin({.received =
                           [this](std::string_view bytes) {
                             received += bytes;
                             ++receptions;
                             on_received();
                           },
                       .closed = [this](Error why) { closed = std::move(why); },
                       .drained = [this] { ++drained; }});
  }
  void send(std::string bytes) const { connection->send(std::move(bytes)); }
};

// Three nodes and the cables between them, in true time. It runs a loop only when it has to, as a
// world does: when it was told that there is something.
class StreamRig {
 public:
  static constexpr std::uint32_t nodes = 3;

  explicit StreamRig(std::uint64_t seed = 1)
      : decisions_(seed),
        links_(decisions_, weather, nodes),
        cables_(links_, climate, now_, nodes, [this](NodeId node) { look_at(node); }) {
    for (std::uint8_t node = 0; node < nodes; ++node)
      chances_[node].emplace(decisions_, Stream{.part = Part::node, .a = node});
    for (std::uint64_t node = 1; node <= nodes; ++node) start({node});
  }

  // A life of a process.
  struct Process {
    Process(Cables& cables, NodeId node, Chance& chance, Time now)
        : loop(chance, now), network(std::in_place, cables, node, loop, chance) {}
    ProcessLoop loop;
    std::optional<SimulatedNetwork> network;
  };
  void start(NodeId node) {
    at(node).process = std::make_unique<Process>(cables_, node, *chances_[node.value - 1], now_);
    at(node).paused = false;
    look_at(node);
  }
  void stop(NodeId node, Ending ending) {
    at(node).process->network->end(ending);
    at(node).process.reset();
    at(node).listener.reset();
    at(node).next = never;
  }
  bool runs(NodeId node) { return at(node).process != nullptr; }
  void pause(NodeId node, bool paused) { at(node).paused = paused; }
  void cut(NodeId a, NodeId b) {
    links_.add_cut(a, b);
    links_.add_cut(b, a);
  }
  void heal(NodeId a, NodeId b) {
    links_.heal(a, b);
    links_.heal(b, a);
  }

  // Whoever does something on the loop of a node without being called by it says so.
  void look_at(NodeId node) {
    if (at(node).process != nullptr) at(node).next = at(node).process->loop.next_at();
  }

  // What happens next, unless that is after `end`.
  bool step(Time end) {
    NodeId first;
    Time when = cables_.next_at();
    for (std::uint64_t node = 1; node <= nodes; ++node)
      if (!at({node}).paused && at({node}).next < when) {
        first = {node};
        when = at(first).next;
      }
    if (when == never || when > end) return false;
    now_ = std::max(now_, when);
    hash_ = mixed(mixed(hash_, first.value), static_cast<std::uint64_t>(now_.since_start.count()));
    if (!first) {
      cables_.run_next();
    } else {
      ProcessLoop& loop = at(first).process->loop;
      loop.advance(now_);
      loop.run_next();
      look_at(first);
    }
    return true;
  }
  bool run_until(const std::function<bool()>& holds, Duration at_most = std::chrono::hours(1)) {
    const Time end = now_ + at_most;
    while (!holds()) {
      if (step(end)) continue;
      now_ = end;
      return holds();
    }
    return true;
  }
  void run(Duration time) {
    run_until([] { return false; }, time);
  }

  // The node accepts whoever calls.
  void listen(NodeId node) {
    network(node).listen(
        SimulatedNetwork::address_of(node),
        [this](std::unique_ptr<env::Connection> connection) {
          accepted_.push_back(std::make_unique<Speaker>());
          accepted_.back()->connection = std::move(connection);
          accepted_.back()->begin();
        },
        [this, node](Result<std::unique_ptr<env::Listener>> listener) {
          ensure(listener.has_value());
          at(node).listener = std::move(*listener);
        });
    ensure(run_until([&] { return at(node).listener != nullptr; }));
  }
  using Connected = Result<std::unique_ptr<env::Connection>>;
  Connected connect(NodeId from, const std::string& address) {
    std::optional<Connected> answer;
    network(from).connect(address, [&](Connected result) { answer = std::move(result); });
    ensure(!answer);
    ensure(run_until([&] { return answer.has_value(); }));
    return std::move(*answer);
  }
  struct Pair {
    std::unique_ptr<Speaker> caller;
    std::unique_ptr<Speaker> answerer;
  };
  Pair pair(NodeId from, NodeId to) {
    if (at(to).listener == nullptr) listen(to);
    Connected connection = connect(from, SimulatedNetwork::address_of(to));
    ensure(connection.has_value());
    ensure(run_until([&] { return !accepted_.empty(); }));
    Pair pair{std::make_unique<Speaker>(), std::move(accepted_.back())};
    accepted_.pop_back();
    pair.caller->connection = std::move(*connection);
    pair.caller->begin();
    return pair;
  }

  ProcessLoop& loop(NodeId node) { return at(node).process->loop; }
  SimulatedNetwork& network(NodeId node) { return *at(node).process->network; }
  void reopen(NodeId node) {
    at(node).process->network.reset();
    at(node).process->network.emplace(cables_, node, loop(node), *chances_[node.value - 1]);
  }
  Network& links() { return links_; }
  Cables& cables() { return cables_; }
  const StreamCounters& counters() const { return cables_.counters(); }
  Time now() const { return now_; }
  std::uint64_t hash() const { return hash_; }

  Climate weather;
  StreamClimate climate;

 private:
  struct Place {
    std::unique_ptr<Process> process;
    std::unique_ptr<env::Listener> listener;
    bool paused = false;
    Time next = never;  // as far as we were told
  };
  Place& at(NodeId node) { return places_[node.value - 1]; }

  Decisions decisions_;
  std::array<std::optional<Chance>, nodes> chances_;
  Time now_;
  std::uint64_t hash_ = 0;
  Network links_;
  Cables cables_;
  std::array<Place, nodes> places_;
  std::vector<std::unique_ptr<Speaker>> accepted_;  // and not taken by pair() yet
};

}  // namespace bowline::sim

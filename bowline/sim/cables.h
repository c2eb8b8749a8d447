// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/sim/cable.h"
#include "bowline/sim/node_address.h"
#include "bowline/sim/socket.h"
#include "bowline/sim/tenant.h"
#include "bowline/sim/wires.h"

namespace bowline::sim {

// Where a process accepts connections, as long as it does.
struct Listening {
  std::shared_ptr<Tenant> tenant;
  env::Network::Accepted accepted;
  bool open = true;

  void accept(std::unique_ptr<env::Connection>);
};

// All connections between the processes of a world: streams of bytes, made of what the links below
// them do with single packets. It outlives the processes, and does what the kernels of their nodes
// would do: also for a process that is paused, and when it is gone.
//
// Like a ProcessLoop it never runs by itself: a world asks for next_at() and calls run_next() among
// its other events. It calls no process, but puts what there is to tell on its loop, and then calls
// `woke`, which must not call back; at times the process that runs wakes itself like that.
class Cables {
 public:
  using Woke = std::function<void(NodeId)>;
  // `now` is true time. Links, climate and time outlive us.
  Cables(Network& links, const StreamClimate& climate, const Time& now, std::uint32_t nodes,
         Woke woke = {})
      : wires_(links, climate, now), hosts_(nodes), woke_(std::move(woke)) {}
  Cables(const Cables&) = delete;
  Cables& operator=(const Cables&) = delete;

  // For the world.
  Time next_at() const { return wires_.next_at(); }
  void run_next();  // its time has come
  // Of a node whose process has ended before. A start brings the power back, too.
  void lose_power(NodeId node) { end_at(node, Ending::power); }
  void return_power(NodeId node) { host(node).has_power = true; }
  StreamCounters& counters() { return wires_.counters(); }
  const StreamCounters& counters() const { return wires_.counters(); }
  std::size_t open() const { return lines_.size(); }  // connections that somebody knows of

  // For the network of a process.
  std::shared_ptr<Tenant> admit(NodeId, ProcessLoop&, Chance&);  // a node has one at a time
  void end(const Tenant&, Ending);
  // The address with the port that it got.
  Result<NodeAddress> listen(NodeAddress, const std::shared_ptr<Listening>&);
  void stop_listening(const NodeAddress& address) { listening_.erase(address); }
  bool knows(NodeId node) const { return node.value > 0 && node.value <= hosts_.size(); }
  void connect(const std::shared_ptr<Tenant>&, const NodeAddress&, Socket::Birth);

  // For the sockets.
  Time now() const { return wires_.now(); }
  const StreamClimate& climate() const { return wires_.climate(); }
  void send(Plug, std::string bytes);
  std::uint64_t queued(Plug) const;
  void took(Plug, std::uint64_t bytes);
  void leave(Plug);

 private:
  struct Host {
    std::shared_ptr<Tenant> tenant;  // that lives there, or was the last
    bool has_power = false;
  };
  struct Line {
    Line(Wires& wires, std::uint64_t id, NodeId caller, NodeAddress to)
        : cable(wires, id, caller, to.node), address(to) {}
    Cable cable;
    NodeAddress address;  // that was called
  };

  Host& host(NodeId);
  void end_at(NodeId, Ending);
  template <class Act>
  void with(Plug, Act);
  bool answer(std::uint64_t id, Line&);  // false: it refuses

  Wires wires_;
  std::vector<Host> hosts_;
  Woke woke_;
  std::uint64_t lines_made_ = 0;
  std::map<std::uint64_t, Line> lines_;
  std::map<NodeAddress, std::shared_ptr<Listening>> listening_;
};

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "bowline/env/env.h"
#include "bowline/sim/cables.h"

namespace bowline::sim {

// The network of one simulated process: the cables, as it sees them. Each life of a process has its
// own. Whoever ends a process says how, with end(), and then destroys the loop and this.
class SimulatedNetwork final : public env::Network {
 public:
  SimulatedNetwork(Cables& cables, NodeId node, ProcessLoop& loop, Chance& chance)
      : cables_(cables), tenant_(cables.admit(node, loop, chance)) {}
  ~SimulatedNetwork() override { end(Ending::kill); }
  SimulatedNetwork(const SimulatedNetwork&) = delete;
  SimulatedNetwork& operator=(const SimulatedNetwork&) = delete;

  static std::string address_of(NodeId node) { return NodeAddress{.node = node}.text(); }

  // Nothing is called after that. The first of them counts.
  void end(Ending ending) { cables_.end(*tenant_, ending); }

  void listen(std::string address, Accepted,
              env::Done<Result<std::unique_ptr<env::Listener>>>) override;
  void connect(std::string address, env::Done<Result<std::unique_ptr<env::Connection>>>) override;

 private:
  Cables& cables_;
  std::shared_ptr<Tenant> tenant_;
};

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "bowline/base/bytes.h"
#include "bowline/env/env.h"
#include "bowline/host/shard.h"
#include "bowline/machine/state_machine.h"
#include "bowline/sim/plan.h"
#include "bowline/sim/witness.h"

namespace bowline::sim {

class World;

// What one life of a whole node runs in place of the notebook: a machine, and whoever serves
// clients with it, in the same process.
class Program : public machine::StateMachine {
 public:
  // The group has started. All of these outlive end().
  virtual void begin(const env::Env&, env::Network&, host::Shard&, GroupId) = 0;
  // The process is over; nobody hears from it any more.
  virtual void end() = 0;
};

// The programs of all nodes, their clients, and what these are promised. One for each history, and
// outlives its world.
class Play {
 public:
  virtual ~Play() = default;
  virtual std::unique_ptr<Program> program(NodeId) = 0;  // for a new life of that node
  virtual Bytes command(const Bytes& text) = 0;          // that writes this, for its machine
  virtual Witness& witness() = 0;
  // A client wants something, of this node.
  virtual void act(const Operation&, NodeId at) = 0;
  // Nobody wants anything new, and these nodes work: what was promised comes true. Empty, or what
  // does not.
  virtual std::string settle(const std::function<bool(NodeId)>& works, Duration election) = 0;
};

// The world `kv` needs more than is below the simulator. Programs that have it say so here.
using Stage = std::unique_ptr<Play> (*)(World&);
inline Stage the_kv_stage = nullptr;

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards the sleep of groups (I22): whoever sleeps knows all of its log to be committed, and a
// leader that sleeps has left nobody behind who could have all of it.
class SleepWitness : public Guard {
 public:
  using Guard::Guard;
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;
};

}  // namespace bowline::sim

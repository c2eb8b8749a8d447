// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/raft/options.h"
#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards memory (I19): what a leader sends ahead of the answers stays within the window, and the
// window is empty again once everything was answered.
class BoundsWitness : public Guard {
 public:
  BoundsWitness(Court& court, const raft::Options& options) : Guard(court), options_(options) {}
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;

 private:
  raft::Options options_;
};

}  // namespace bowline::sim

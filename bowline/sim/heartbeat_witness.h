// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>

#include "bowline/raft/options.h"
#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards the heartbeats of leaders whose process runs (I22): they wait for no disk, no machine and
// no other node. Only of whole nodes: the others notice their deadlines late, on purpose.
class HeartbeatWitness : public Guard {
 public:
  HeartbeatWitness(Court& court, const raft::Options& options) : Guard(court), options_(options) {}
  void started(const Site&) override;
  void noted(const Note&) override;
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;

 private:
  raft::Options options_;
  std::map<NodeId, Time> last_;  // when each sent one, or had no need to
};

}  // namespace bowline::sim

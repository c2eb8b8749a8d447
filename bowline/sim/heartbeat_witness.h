// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>

#include "bowline/raft/options.h"
#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards the heartbeats of leaders whose process runs (I22): they wait for no disk, no machine and
// no other node. The core asks for them in time, and what it asks for leaves at once, to each peer
// that there is a connection to. Only of whole nodes: the others notice their deadlines late, on
// purpose.
class HeartbeatWitness : public Guard {
 public:
  HeartbeatWitness(Court& court, const raft::Options& options) : Guard(court), options_(options) {}
  void started(const Site&) override;
  void noted(const Note&) override;
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;
  void sent(const Site&, NodeId to, const raft::Message&) override;
  void shipped(const Site&, NodeId to) override;
  void no_way(const Site&, NodeId to) override;

 private:
  struct Owed {  // the core has asked for it, and it has not left
    Time since;
    bool framed = false;
  };
  void judge_what_waits(const Site&) const;
  void note_what_is_asked(const Site&, const raft::Effects&);

  raft::Options options_;
  std::map<NodeId, Time> last_;                    // when each asked for one, or had no need to
  std::map<NodeId, std::map<NodeId, Owed>> owed_;  // by who sends, and to whom
};

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <set>

#include "bowline/raft/options.h"
#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards manners: who speaks unasked speaks to members, answers go to those who asked, and
// everybody speaks in their own name; no message has more in it than was agreed (I24). Nobody finds
// what only a broken member can cause (I25).
class DisciplineWitness : public Guard {
 public:
  DisciplineWitness(Court& court, const raft::Options& options) : Guard(court), options_(options) {}
  void started(const Site&) override;
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;
  void sent(const Site&, NodeId, const raft::Message&) override;

 private:
  struct Circle {              // whom this life of a node may speak to
    std::set<NodeId> members;  // of any membership that its log had
    std::set<NodeId> askers;
    Index latest;
  };
  void check_size(const Site&, const raft::Message&) const;
  void check_count(const Site&, std::size_t count, std::size_t most) const;
  void check_deafness(const Site&, const Mind&, const raft::Input&, const raft::Effects&) const;

  raft::Options options_;
  std::map<NodeId, Circle> circles_;
};

}  // namespace bowline::sim

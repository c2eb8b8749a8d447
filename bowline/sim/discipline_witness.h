// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <set>

#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards manners: who speaks unasked speaks to members, answers go to those who asked, and
// everybody speaks in their own name (I24). Nobody finds what only a broken member can cause (I25).
class DisciplineWitness : public Guard {
 public:
  using Guard::Guard;
  void started(const Site&) override;
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;
  void sent(const Site&, NodeId, const raft::Message&) override;

 private:
  struct Circle {              // whom this life of a node may speak to
    std::set<NodeId> members;  // of any membership that its log had
    std::set<NodeId> askers;
    Index latest;
  };
  void check_deafness(const Site&, const Mind&, const raft::Input&, const raft::Effects&) const;

  std::map<NodeId, Circle> circles_;
};

}  // namespace bowline::sim

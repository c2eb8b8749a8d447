// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <vector>

#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards changes of the membership (I12): each replica acts on the latest membership of its log,
// and a leader adds another one only where no two of them could decide without each other.
class MembershipWitness : public Guard {
 public:
  using Guard::Guard;
  void started(const Site&) override;
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;

 private:
  using Configs = std::vector<raft::Config>;  // of one log, by rising index; never empty

  void take(const Site&, const Mind&, const raft::Persist&, Configs&);
  void check_step(const Site&, const Mind&, const Configs&, const raft::Config& next) const;
  void check_belief(const Site&, const Mind&, const Configs&) const;

  std::map<NodeId, Configs> logs_;
};

}  // namespace bowline::sim

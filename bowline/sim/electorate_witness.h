// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards the group as a whole against two that decide apart (I12). Each replica that could be
// elected with the logs as they are, and each leader, has a membership by which it would count. No
// two of these may find quorums that have nobody in common, among those who would agree to them.
//
// MembershipWitness looks at one log at a time; this one compares all of them, whenever any gets
// another membership, or a node comes up.
class ElectorateWitness : public Guard {
 public:
  using Guard::Guard;
  void started(const Site&) override { compare(); }
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;

 private:
  struct Power {  // who may decide something
    const Site* site = nullptr;
    raft::MembershipPtr membership;
    std::vector<NodeId> agree;  // the voters that would, in rising order
  };
  void compare() const;
  void judge(const Power&, const Power&) const;
};

}  // namespace bowline::sim

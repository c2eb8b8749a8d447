// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards what nodes send of their logs (I20): it is what was written there. Of whole nodes, whose
// couriers read it out of memory or off the disk; the world does that by itself for the others.
class ContentsWitness : public Guard {
 public:
  using Guard::Guard;
  void sent(const Site&, NodeId to, const raft::Message&) override;

 private:
  void judge(const Site&, NodeId to, const raft::Entry&) const;
};

}  // namespace bowline::sim

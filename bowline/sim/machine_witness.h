// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>

#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards state machines: each entry is applied once, in order (I14); what is applied is committed,
// and the same everywhere (I5); the same index means the same state (I21).
class MachineWitness : public Guard {
 public:
  using Guard::Guard;
  void started(const Site&) override;
  void applied(const Site&, const Line&) override;
  void snapshot_installed(const Site&) override;

 private:
  std::map<NodeId, Index> applied_;
};

}  // namespace bowline::sim

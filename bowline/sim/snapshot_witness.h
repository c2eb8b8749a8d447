// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards snapshots and the bases of logs (I13): each is exactly what a replay of the committed
// entries gives there, with the term and the membership of that index.
class SnapshotWitness : public Guard {
 public:
  using Guard::Guard;
  void started(const Site&) override;
  void persisted(const Site&, Seq) override;
  void snapshot_taken(const Site&) override;
  void snapshot_installed(const Site&) override;
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;

 private:
  void check(const Site&, const raft::Base&, std::uint64_t digest, const std::string& what) const;
};

}  // namespace bowline::sim

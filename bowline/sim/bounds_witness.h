// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <utility>

#include "bowline/raft/options.h"
#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards memory (I19): what a leader sends ahead of the answers stays within the window, and the
// window is empty again once everything was answered. After a loss no window goes before something
// that was sent since is answered, or an answer brings news: else what is lost of each lets the
// next one go.
class BoundsWitness : public Guard {
 public:
  BoundsWitness(Court& court, const raft::Options& options) : Guard(court), options_(options) {}
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;

 private:
  struct Asking {  // a peer that was asked where its log matches, when we looked last
    std::uint64_t life = 0;
    Term term;
    Index match;
  };
  void check_patience(const Site&, const Mind&, const raft::Progress&, const raft::Input&);

  raft::Options options_;
  std::map<std::pair<NodeId, NodeId>, Asking> asking_;  // who leads, and whom
};

}  // namespace bowline::sim

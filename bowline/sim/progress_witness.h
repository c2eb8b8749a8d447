// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards what leaders believe of their followers (I11): a match only rises, lies before what is
// sent next, and is a length at which the two logs are in truth the same.
class ProgressWitness : public Guard {
 public:
  using Guard::Guard;
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;

 private:
  struct Peer {
    NodeId id;
    Index match;
  };
  struct Belief {
    std::uint64_t life = 0;
    Term term;
    std::vector<Peer> peers;
  };
  void check(const Site&, const Mind&, const raft::Progress&) const;
  bool shares(const Site& leader, const Site& follower, Index) const;

  std::map<NodeId, Belief> beliefs_;
};

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <set>

#include "bowline/raft/options.h"
#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards the peace of a group (I22). With pre-votes on, nobody stands for a term unless a quorum
// said that it would vote. And whoever gives its vote waits a whole election timeout before it
// stands itself; unless it was told that the leader is gone, and has heard of none since, or the
// term in which it gave it is over.
class PatienceWitness : public Guard {
 public:
  PatienceWitness(Court& court, const raft::Options& options) : Guard(court), options_(options) {}
  void started(const Site&) override;
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;

 private:
  struct Past {
    Time voted;  // for somebody else, in this term
    Term voted_in;
    Time hurried_until;
    Term stood;         // for this one
    bool told = false;  // by the leader, to stand at once
    Round campaign;     // the pre-votes that it asks for now
    std::set<NodeId> promises;
  };
  void hear(Past&, const raft::Message&, NodeId from);
  void check_promises(const Site&, const Mind&, const Past&) const;
  void check_patience(const Site&, Term, const Past&) const;

  raft::Options options_;
  std::map<NodeId, Past> pasts_;
};

}  // namespace bowline::sim

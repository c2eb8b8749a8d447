// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards elections: one leader in a term, elected once (I1); by a quorum of those who are members,
// and not of other lives of them (I26). And no term begins unless somebody stands for it (I7).
class ElectionWitness : public Guard {
 public:
  using Guard::Guard;
  void started(const Site& site) override { terms_[site.id] = site.durable.hard.term; }
  void wiped(const Site& site, Incarnation) override { terms_.erase(site.id); }
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;
  void sent(const Site&, NodeId, const raft::Message&) override;

 private:
  struct Leader {
    NodeId id;
    std::uint64_t life = 0;
  };
  struct Grant {
    NodeId voter;
    Incarnation incarnation;
    NodeId candidate;
  };
  void crowned(const Site&, const Mind&);
  bool has_votes(const Site&, const Mind&) const;

  std::map<std::pair<ClusterId, Term>, Leader> leaders_;
  std::map<Term, std::vector<Grant>> grants_;
  std::set<Term> stood_for_;
  std::map<NodeId, Term> terms_;
};

}  // namespace bowline::sim

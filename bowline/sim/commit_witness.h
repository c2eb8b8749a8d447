// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>
#include <vector>

#include "bowline/sim/guard.h"
#include "bowline/sim/quorums.h"

namespace bowline::sim {

// Guards what "committed" means: one history for all (I5), which only grows (I6), and which is on
// the disks of a quorum from the first moment (I10). Keeps the record for the other witnesses, so
// it must be asked first.
class CommitWitness : public Guard {
 public:
  CommitWitness(Court& court, std::shared_ptr<Committed> committed)
      : Guard(court, committed), record_(std::move(committed)) {}

  void started(const Site&) override;
  void crashed(const Site& site) override { recount(site); }
  void wiped(const Site&, Incarnation former) override;
  void persisted(const Site& site, Seq) override;
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;
  void forced(const Site&, ClusterId) override;

 private:
  struct Life {  // what this life of a node has said so far
    Index commit;
    Index released;
    Index durable;                   // how far its disk reaches
    Term led;                        // that it led when its last step was over
    raft::MembershipPtr membership;  // in force then
  };
  // How much of what is committed this image holds.
  Index shared(const Image&) const;
  Index decided_on(const Image&) const;

  struct Loss {  // a disk that is gone, and how far it had reached
    Incarnation incarnation;
    Index reached;
  };
  // The newest decision, and which of its members have it on disk.
  struct Decision {
    Index index;
    Term term;
    raft::MembershipPtr membership;
    MemberSet holders = 0;
  };

  void record(const Site&, const Mind&, const Life& before);
  void decide(const Site&, const Mind&, const raft::MembershipPtr& before);
  bool has_quorum(Decision&) const;
  void recount(const Site&);
  bool holds(const raft::Member&, Index) const;

  std::shared_ptr<Committed> record_;
  std::map<NodeId, Life> lives_;
  std::map<NodeId, std::vector<Loss>> losses_;
  Decision newest_;
  std::vector<Index> decisions_;  // all
  // When a site was told to go on alone: the newest decision on any disk that was left.
  Index owed_;
};

}  // namespace bowline::sim

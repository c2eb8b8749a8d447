// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>

#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards promises. What a message claims is on disk at the instant it leaves (I9), a term on disk
// never goes back (I7), and no life of a node gives two votes in one term, whatever crashes (I8). A
// disk that began blank gives none before the log names it (I26).
class PromiseWitness : public Guard {
 public:
  using Guard::Guard;
  void started(const Site& site) override { check_disk(site); }
  void crashed(const Site&) override;
  void persisted(const Site& site, Seq) override { check_disk(site); }
  void wiped(const Site&, Incarnation former) override;
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;
  void sent(const Site&, NodeId, const raft::Message&) override;

 private:
  struct Vote {
    NodeId candidate;
    Incarnation incarnation;
    friend bool operator==(const Vote&, const Vote&) = default;
  };
  struct Ack {  // the newest that left: the log through here belongs to the leader of this term
    Term term;
    Index match;
    std::uint64_t prefix = 0;
  };
  struct Reign {
    NodeId leader;
    std::uint64_t life = 0;
  };
  struct Say {  // the life of a disk that had one in that term
    Incarnation incarnation;
    Term term;
    friend bool operator==(const Say&, const Say&) = default;
  };
  void check_disk(const Site&);
  void votes(const Site&, Term, Vote);
  void sent_request(const Site&, const raft::Message&, const raft::VoteRequest&);
  void sent_grant(const Site&, NodeId to, const raft::Message&);
  void sent_ack(const Site&, NodeId to, const raft::Message&, Index match);
  void check_against_leader(const Site&, NodeId to, Term, Index match);

  std::map<NodeId, raft::HardState> disks_;
  std::map<std::tuple<NodeId, Incarnation, Term>, Vote> votes_;
  std::map<NodeId, Ack> acks_;
  std::map<Term, Reign> reigns_;
  std::map<NodeId, Say> said_;  // when it last chose its vote, its log named it
};

}  // namespace bowline::sim

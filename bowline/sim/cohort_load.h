// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>

#include "bowline/base/prng.h"
#include "bowline/sim/cohort.h"

namespace bowline::sim {

// Clients of a cohort: a fixed number of operations, a few of them at once. Most are proposals,
// some larger than a block; some change the membership, or hand leadership over. The same seed asks
// for the same.
class CohortLoad {
 public:
  CohortLoad(Cohort& cohort, std::uint64_t seed, std::uint64_t operations);
  ~CohortLoad() { cohort_.told = {}; }
  CohortLoad(const CohortLoad&) = delete;
  CohortLoad& operator=(const CohortLoad&) = delete;

  void calm() { changes_ = false; }  // no more changes of who counts or leads
  // Asks for what is due. To be called between any two events.
  void turn();
  // Until so many operations are over. False: that took too long.
  bool run(std::uint64_t operations);
  bool done() const { return over_ >= operations_; }
  std::uint64_t over() const { return over_; }

 private:
  struct Open {
    NodeId node;
    Time until;
    LogId first;
    std::uint64_t count = 0;
  };

  void heard(NodeId, const raft::Effect&);
  void close(Ticket);
  void expire();
  void find_leader();
  void ask(NodeId leader);
  void propose(Prng&, NodeId leader);
  void reconfigure(Prng&, NodeId leader);
  Ticket open(NodeId, std::uint64_t count);

  Cohort& cohort_;
  std::uint64_t seed_;
  std::uint64_t operations_;
  std::uint64_t asked_ = 0;
  std::uint64_t over_ = 0;
  std::uint64_t tickets_ = 0;
  bool changes_ = true;
  bool learner_ = false;  // the last node is one
  Time next_;
  Time next_try_;
  std::map<Ticket, Open> open_;
};

}  // namespace bowline::sim

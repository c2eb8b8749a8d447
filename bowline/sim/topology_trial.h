// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bowline/base/time.h"
#include "bowline/raft/options.h"
#include "bowline/sim/topology.h"
#include "bowline/sim/witness.h"

namespace bowline::sim {

enum class TopologyVerdict : std::uint8_t {
  live,         // writes are committed
  no_quorum,    // nobody is joined with a quorum: nothing can be committed
  constrained,  // some are, but whoever is lacks entries that too many of its quorum have
};

struct TopologyOutcome {
  TopologyVerdict verdict = TopologyVerdict::live;
  std::string failure;        // what was not as promised; empty: all was
  Duration served{0};         // from the cut until a write that was begun after it was committed
  Duration served_later{0};   // the same of a write begun after the steady state
  std::uint32_t changes = 0;  // of the leader during the steady state
  std::uint64_t terms = 0;    // that began after the cut, before the steady state
  std::uint64_t steady_terms = 0;      // and during it
  std::vector<std::uint32_t> helpful;  // links any of which would do, if it healed
  Duration recovered{0};               // from then until a new write was committed
};

// What is promised, in election timeouts after the cut.
struct TopologyPromise {
  std::int64_t served = 10;    // a fresh write is committed within these
  std::int64_t steady = 20;    // the steady state begins
  std::int64_t end = 60;       // and ends
  std::uint32_t changes = 2;   // of the leader in it, at most: one in twenty
  std::int64_t recovered = 5;  // after a link that helps has healed
};

struct TopologySetting {
  raft::Options options;
  bool suspicions = false;  // whoever loses a link hears of it, as of a connection that closes
  TopologyPromise promise;
  Witness* onlooker = nullptr;
};

// Lets a group of five elect the leader and commit; cuts all links outside the topology; looks on.
TopologyOutcome run_topology(const TopologyCase&, const TopologySetting& = {});

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bowline/sim/exhaustive_space.h"

namespace bowline::sim::small {

using Briefs = std::array<const Brief*, nodes>;

// What was observed so far: nothing of it may be taken back. Part of a state.
struct History {
  std::array<std::uint8_t, most_terms + 1> leader_of{};  // by term; 0: nobody yet
  Marks committed;
  std::vector<std::uint8_t> committed_in;  // the term of who said so first, along with `committed`
  std::uint8_t proposed = 0;
  std::uint8_t crashes = 0;
  std::uint8_t timers = 0;
  std::vector<LogId> never;  // clients were told that these will not be

  std::uint64_t hash() const;
  friend bool operator==(const History&, const History&) = default;
};

// Whether the limits leave room for one more such step.
bool affordable(const Act&, const History&, const Limits&);

// Takes in what a step of node `who` showed; `now`: after it. Says what is violated, or nothing:
//
//   one leader a term
//   a new leader has all that was committed in older terms
//   all machines apply the same log
//   what a follower acknowledges is what the leader of that term has
//   clients are told the truth
std::string observe(History&, const Facts&, std::uint64_t who, const Briefs& now);

// What holds in every state:
//
//   logs that agree on a term at an index are the same through it
//   a replica takes nothing for committed that is not
//   what is committed is on the disks of a quorum
std::string broken_commit(const History&, std::uint64_t who, const Brief&);
std::string broken_state(const History&, const Briefs&);

}  // namespace bowline::sim::small

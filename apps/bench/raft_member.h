// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "apps/bench/child.h"
#include "apps/bench/closed_load.h"

namespace bowline::bench {

struct RaftFigure {
  double per_second = 0;
  double p50_us = 0, p99_us = 0, p999_us = 0;
  std::uint64_t proposals = 0;
};

// A process with one member of a group of three.
class RaftMember {
 public:
  // `program`: the one that is the member, with its first words; behind them it gets ID,
  // ADDRESS,ADDRESS,ADDRESS and DIRECTORY. Empty: this one, with Bowline. `listen`: where it is, if
  // not at its address, where somebody stands in for it; of Bowline only.
  RaftMember(std::uint64_t id, const std::vector<std::string>& addresses, std::string listen,
             const std::string& directory, const std::vector<std::string>& program);
  bool leads();
  RaftFigure run(const RaftLoad&);  // on the leader
  double cpu_seconds();             // of that process, since it began
  std::uint64_t wake_ups() const { return child_.wake_ups(); }
  std::string disk();
  bool write();      // one proposal, waited for; false: it was refused, or nobody knows
  bool hand_over();  // leadership, to whoever is best
  void kill() { child_.kill(); }
  void freeze() { child_.freeze(); }  // it does nothing any more, and its kernel says nothing

 private:
  Child child_;
};

}  // namespace bowline::bench

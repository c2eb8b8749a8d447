// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "bowline/sim/guard.h"

namespace bowline::sim {

// Guards logs: a leader only appends to its own (I2); two logs that share an entry share all before
// it (I3); and a new leader has all that was committed (I4).
class LogWitness : public Guard {
 public:
  using Guard::Guard;
  void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) override;
  void sent(const Site&, NodeId, const raft::Message&) override;
  void forced(const Site&, ClusterId) override;

 private:
  struct Reign {
    std::uint64_t life = 0;
    Term term;
    Index last;
    std::uint64_t prefix = 0;
  };
  void note(const Site&, LogId, std::uint64_t prefix);
  void note_write(const Site&, const raft::Persist&);
  void follow_reign(const Site&, const Mind&);
  void check_completeness(const Site&, const Mind&);
  const std::uint64_t* known(LogId) const;

  std::vector<std::vector<std::pair<Term, std::uint64_t>>> lines_;  // by index: all there ever were
  std::map<NodeId, Reign> leaders_;
};

}  // namespace bowline::sim

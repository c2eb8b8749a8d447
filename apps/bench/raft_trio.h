// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apps/bench/raft_member.h"

namespace bowline::bench {

// Three processes, and one group of them. They get ready while others are started: who asks for the
// leader waits for them.
class RaftTrio {
 public:
  // The directory is emptied first; the program as in RaftMember. With a relay between them members
  // can be cut off; of Bowline only.
  enum class Wires : std::uint8_t { direct, relayed };
  explicit RaftTrio(std::string directory, std::vector<std::string> program = {},
                    Wires wires = Wires::direct);
  RaftMember& leader();
  RaftMember& member(std::uint64_t id) { return *members_[id - 1]; }
  std::uint64_t id_of(const RaftMember&) const;
  // All but this one, for those who look for the next leader.
  std::vector<RaftMember*> others(const RaftMember&);
  void restart(std::uint64_t id);
  bool can_cut() const { return relay_ != nullptr; }
  // Nothing comes to it or from it any more, and nobody is told, as when a cable is pulled.
  void cut_off(std::uint64_t id);
  void mend();
  double cpu_seconds();
  std::uint64_t wake_ups() const;
  std::string disk() { return members_.front()->disk(); }

 private:
  std::string directory_;
  std::vector<std::string> program_;
  std::vector<std::string> places_;     // where they listen
  std::vector<std::string> addresses_;  // where the others find them
  std::unique_ptr<Child> relay_;
  std::vector<std::unique_ptr<RaftMember>> members_;
};

}  // namespace bowline::bench

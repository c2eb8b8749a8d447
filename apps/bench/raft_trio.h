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
  // The directory is emptied first; the program as in RaftMember.
  explicit RaftTrio(std::string directory, std::vector<std::string> program = {});
  RaftMember& leader();
  RaftMember& member(std::uint64_t id) { return *members_[id - 1]; }
  std::uint64_t id_of(const RaftMember&) const;
  // All but this one, for those who look for the next leader.
  std::vector<RaftMember*> others(const RaftMember&);
  void restart(std::uint64_t id);
  double cpu_seconds();
  std::uint64_t wake_ups() const;
  std::string disk() { return members_.front()->disk(); }

 private:
  std::string directory_;
  std::vector<std::string> program_;
  std::vector<std::string> addresses_;
  std::vector<std::unique_ptr<RaftMember>> members_;
};

}  // namespace bowline::bench

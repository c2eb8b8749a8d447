// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace bowline::bench {

// Closed-loop load on the leader of a group, from within its process.
struct RaftLoad {
  std::uint64_t payload = 256;  // bytes of each proposal
  std::uint64_t in_flight = 256;
  double warm_seconds = 1;
  double seconds = 3;
};
struct RaftFigure {
  double per_second = 0;
  double p50_us = 0, p99_us = 0, p999_us = 0;
  std::uint64_t proposals = 0;
};

// A process of its own with one member of a group of three, which does what it is told over pipes.
// It shares nothing with the others but the loopback and the disk.
class RaftMember {
 public:
  // Forks. Nothing may run in this process that a fork would not take along.
  RaftMember(std::uint64_t id, const std::vector<std::string>& addresses,
             const std::string& directory);
  ~RaftMember();  // ends it
  RaftMember(const RaftMember&) = delete;
  RaftMember& operator=(const RaftMember&) = delete;

  bool leads();
  RaftFigure run(const RaftLoad&);  // on the leader
  double cpu_seconds();             // of that process, since it began
  std::string disk();
  bool write();      // one proposal, waited for; false: it was refused, or nobody knows
  bool hand_over();  // leadership, to whoever is best
  int process() const { return process_; }
  void kill();    // -9
  void freeze();  // it does nothing any more, and its kernel says nothing of that

 private:
  std::string ask(const std::string& what);

  int process_ = 0;
  int to_ = -1, from_ = -1;
};

}  // namespace bowline::bench

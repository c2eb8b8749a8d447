// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "apps/bench/groups_node.h"

namespace bowline::bench {

struct GroupsMemory {  // of a process
  std::uint64_t resident_bytes = 0;
  std::uint64_t heap_bytes = 0;  // in use, with what the allocator adds to each block
};

// A process of its own with one node, which does what it is told over pipes.
class GroupsMember {
 public:
  // Forks. Nothing may run in this process that a fork would not take along.
  explicit GroupsMember(const GroupsNode::Setting&);
  ~GroupsMember();  // ends it
  GroupsMember(const GroupsMember&) = delete;
  GroupsMember& operator=(const GroupsMember&) = delete;

  void start(std::uint64_t groups);
  GroupsSeen seen();
  GroupsTraffic traffic();
  GroupsMemory memory();
  double cpu_seconds();
  std::string disk();
  // From now on it measures how long its thread is busy at most; that takes a little CPU.
  void watch_lag();
  double longest_lag_ms();  // since then
  bool alive() const { return process_ != 0; }
  void kill();  // -9

 private:
  std::string ask(const std::string& what);

  int process_ = 0;
  int to_ = -1, from_ = -1;
};

}  // namespace bowline::bench

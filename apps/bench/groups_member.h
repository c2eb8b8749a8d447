// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "apps/bench/child.h"
#include "apps/bench/groups_node.h"

namespace bowline::bench {

struct GroupsMemory {  // of a process
  std::uint64_t resident_bytes = 0;
  std::uint64_t heap_bytes = 0;  // in use, with what the allocator adds to each block
};

// A process with one node.
class GroupsMember {
 public:
  explicit GroupsMember(const GroupsNode::Setting&);

  void start(std::uint64_t groups);
  GroupsSeen seen();
  GroupsTraffic traffic();
  GroupsMemory memory();
  double cpu_seconds();
  std::string disk();
  // From now on it measures how long its thread is busy at most; that takes a little CPU.
  void watch_lag();
  double longest_lag_ms();  // since then
  bool alive() const { return child_.alive(); }
  void kill() { child_.kill(); }

 private:
  Child child_;
};

}  // namespace bowline::bench

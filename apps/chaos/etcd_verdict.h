// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "apps/chaos/etcd_history.h"

namespace bowline::chaos {

// Whether what clients of etcd's API saw is the work of one map, and of watches and leases that
// keep their promises. The order is that of the revisions; it is shown that each answer is right
// there, that it does not contradict real time, and that each revision is somebody's work. There is
// nothing to search, and so nothing that stays undecided.
struct EtcdVerdict {
  std::string wrong;  // empty: all is well; else what, for people
  std::array<std::size_t, 3> fates{};
  std::int64_t revisions = 0;
  std::size_t unknown_done = 0;  // calls of which only the record says that they were done
  std::size_t expired = 0;       // leases that ended with their keys
  std::size_t events = 0, progress = 0, resumed = 0, compacted = 0;  // of those who watch
};

EtcdVerdict judge(const EtcdHistory&);

}  // namespace bowline::chaos

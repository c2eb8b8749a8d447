// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "apps/bench/child.h"

namespace bowline::bench {

// How long proposals took that were due within a stretch of time, from when they were due.
struct Window {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  double p50_us = 0, p99_us = 0, p999_us = 0, most_us = 0;
};

// A process with one member of a group whose state is large.
class SnapshotMember {
 public:
  struct Setup {
    std::uint64_t id = 1;
    std::vector<std::string> addresses;  // of all that will ever be members
    std::size_t founders = 3;            // the first of them
    std::string directory;
    std::uint64_t bytes = 0;             // of a snapshot
    std::uint64_t bytes_per_second = 0;  // that a member gives
  };
  explicit SnapshotMember(const Setup&);

  bool leads();
  std::uint64_t applied();
  void press(std::uint64_t per_second, std::uint64_t payload);  // from now on; it does not wait
  Window window();                                              // since it was asked last
  double snapshot();                                            // seconds that it took
  void add(std::uint64_t id);                                   // a member; it does not wait
  bool added();                                                 // it is a voter now
  Child& child() { return child_; }

 private:
  Child child_;
};

}  // namespace bowline::bench

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "bowline/base/time.h"
#include "bowline/env/env.h"

namespace bowline::rpc {

// How long the calls of a method took, from their heads to their ends, in the buckets that
// Prometheus has unless it is told otherwise: dashboards for the gRPC library of Go expect them.
class CallTimes {
 public:
  static constexpr std::array<Duration, 11> bounds{
      std::chrono::milliseconds(5),    std::chrono::milliseconds(10),
      std::chrono::milliseconds(25),   std::chrono::milliseconds(50),
      std::chrono::milliseconds(100),  std::chrono::milliseconds(250),
      std::chrono::milliseconds(500),  std::chrono::seconds(1),
      std::chrono::milliseconds(2500), std::chrono::seconds(5),
      std::chrono::seconds(10)};

  explicit CallTimes(const env::Clock& clock) : clock_(clock) {}

  Time now() const { return clock_.now(); }
  void ended(Time begun) {  // now
    const Duration took = clock_.now() - begun;
    sum_ += took;
    ++count_;
    for (std::size_t i = bounds.size(); i > 0 && took <= bounds[i - 1]; --i) ++up_to_[i - 1];
  }

  std::uint64_t up_to(std::size_t bound) const { return up_to_[bound]; }  // it, and shorter ones
  std::uint64_t count() const { return count_; }
  Duration sum() const { return sum_; }

 private:
  const env::Clock& clock_;
  std::array<std::uint64_t, bounds.size()> up_to_{};
  std::uint64_t count_ = 0;
  Duration sum_{0};
};

}  // namespace bowline::rpc

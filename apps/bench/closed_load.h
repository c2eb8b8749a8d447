// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <istream>
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

// So many proposals in flight, each answer followed by the next. On one thread, but for result().
class ClosedLoad {
 public:
  using Steady = std::chrono::steady_clock;
  enum class End : std::uint8_t { applied, unknown, refused };
  // Begins one, and says ended() with that time when it is answered, never before it returns.
  using Propose = std::move_only_function<void(Steady::time_point begun)>;

  explicit ClosedLoad(std::istream& words);  // payload, in flight, warm seconds, seconds
  const RaftLoad& load() const { return load_; }
  void begin(Propose);
  void ended(Steady::time_point begun, End);
  // From another thread: waits. Count, rate, and three percentiles of the latency in us.
  std::string result();

 private:
  void propose();

  RaftLoad load_;
  Propose propose_;
  Steady::time_point counts_from_, ends_;
  std::vector<std::uint32_t> latencies_us_;
  std::uint64_t open_ = 0;
  std::promise<void> done_;
};

}  // namespace bowline::bench

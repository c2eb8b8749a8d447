// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "bowline/base/histogram.h"
#include "bowline/base/time.h"

namespace bowline::dash {

// What a node has counted since its start. Nothing of it ever becomes less.
struct Totals {
  std::uint64_t calls = 0;   // by gRPC
  std::uint64_t reads = 0;   // of these, ranges
  std::uint64_t writes = 0;  // commands that were proposed here
  Histogram whole;           // nanoseconds of a write, until its answer
  Histogram durable;         // and until it was on our disk
};

struct Latency {
  std::uint64_t count = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

struct Rates {
  double over_s = 0;  // so long is what these are about
  double calls_per_s = 0;
  double reads_per_s = 0;
  double writes_per_s = 0;
  Latency whole;
  Latency durable;
};

// Turns totals into what happened lately. It remembers a few of them, and only while somebody asks:
// a node at which nobody looks pays nothing.
class Recent {
 public:
  static constexpr Duration window = std::chrono::seconds(10);
  static constexpr Duration apart = std::chrono::seconds(1);

  // The last ten seconds, or as many as there are; none: this is the first time that is asked, or
  // nobody has asked for long.
  std::optional<Rates> note(Time now, const Totals&);

  std::size_t remembers() const { return past_.size(); }

 private:
  struct Past {
    Time at;
    Totals totals;
  };
  std::deque<Past> past_;  // the oldest first
};

}  // namespace bowline::dash

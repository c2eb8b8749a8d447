// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/histogram.h"
#include "bowline/base/result.h"

namespace bowline::bench {

// Unary calls from so many clients, each of which waits for its answer before it asks again, spread
// over so many connections, and these over the endpoints in turn.
struct GrpcLoad {
  std::vector<std::string> endpoints;  // "127.0.0.1:2379"
  std::size_t connections = 1;
  std::size_t clients = 1;
  double warm_seconds = 1;  // not counted
  double seconds = 3;
  std::uint64_t most_calls = 0;  // it is over once so many are answered, too; 0: it is not

  // The request of that number: writes its message, and says which method it goes to. The text of
  // the path must stay.
  std::function<std::string_view(std::uint64_t number, std::string& message)> request;
  // Is that a good answer? May be left out.
  std::function<bool(std::string_view answer)> is_good = {};
  // When the counted time begins and when it ends: the moment to look at the servers' meters.
  std::function<void()> begins = {};
  std::function<void()> ends = {};
};

struct GrpcLoadReport {
  double seconds = 0;      // that were counted
  std::uint64_t done = 0;  // and answered well
  std::uint64_t errors = 0;
  std::map<int, std::uint64_t> codes;  // of the errors; -1: the stream broke, -2: a bad answer
  Histogram latency_ns;
  double cpu_seconds = 0;  // of this process

  double per_second() const { return seconds > 0 ? static_cast<double>(done) / seconds : 0; }
};

// On this thread. An error: it could not connect, or a connection broke.
Result<GrpcLoadReport> run(const GrpcLoad&);

}  // namespace bowline::bench

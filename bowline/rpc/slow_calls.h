// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/rpc/status.h"

namespace bowline::rpc {

// A unary call that is over. None of what was asked and answered, only how much it was.
struct EndedCall {
  const std::string& method;
  Time begun = never;
  std::uint64_t asked_bytes = 0;
  std::uint64_t answered_bytes = 0;
  Code code = Code::ok;
};

// Tells of unary calls that took long: one in a second, and how many others there were since.
class SlowCalls {
 public:
  using Tell = std::function<void(const std::string& sentence)>;
  SlowCalls(const env::Clock& clock, Duration longer_than, Tell tell)
      : clock_(clock), longer_than_(longer_than), tell_(std::move(tell)) {}

  Time now() const { return clock_.now(); }
  void ended(const EndedCall& call) {  // now
    const Time now = clock_.now();
    if (now - call.begun > longer_than_) note(call, now);
  }

 private:
  void note(const EndedCall&, Time now);

  const env::Clock& clock_;
  Duration longer_than_;
  Tell tell_;
  Time quiet_until_{};
  std::uint64_t others_ = 0;
};

}  // namespace bowline::rpc

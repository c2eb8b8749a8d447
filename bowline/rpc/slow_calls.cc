// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/slow_calls.h"

namespace bowline::rpc {
namespace {

constexpr Duration tell_at_most_every = std::chrono::seconds(1);

}  // namespace

void SlowCalls::note(const EndedCall& call, Time now) {
  if (now < quiet_until_) {
    ++others_;
    return;
  }
  quiet_until_ = now + tell_at_most_every;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - call.begun);
  std::string sentence = "a call took long: " + call.method + ", " + std::to_string(took.count()) +
                         " ms, " + std::to_string(call.asked_bytes) + " bytes asked, " +
                         std::to_string(call.answered_bytes) + " answered, " +
                         std::string(name(call.code));
  if (others_ > 0) sentence += "; and " + std::to_string(std::exchange(others_, 0)) + " others";
  tell_(sentence);
}

}  // namespace bowline::rpc

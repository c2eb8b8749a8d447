// SPDX-License-Identifier: Apache-2.0
#include "bowline/session/ticker.h"

#include <chrono>

#include "bowline/session/envelope.h"

namespace bowline::session {

void Ticker::begin(std::uint64_t table_ms, Time now) {
  from_ms_ = table_ms;
  since_ = last_ = now;
}

std::optional<std::string> Ticker::due(Time now) {
  if (now - last_ < every_) return std::nullopt;
  last_ = now;
  const auto led = std::chrono::duration_cast<std::chrono::milliseconds>(now - since_);
  return encode({.tag = 0, .body = Tick{from_ms_ + static_cast<std::uint64_t>(led.count())}});
}

}  // namespace bowline::session

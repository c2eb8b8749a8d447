// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/traffic.h"

#include "bowline/base/ensure.h"
#include "bowline/runtime/connection.h"

namespace bowline::runtime {
namespace {

constexpr int times = 4;  // that each pulse is felt in the longest time that it may be away

}  // namespace

Traffic::Traffic(Loop& l, const NetworkOptions& o)
    : loop(l),
      options(o),
      received(o.receive_bytes),
      farewells(l, received, o.farewells, o.farewell),
      timer_(l.timer([this] { feel_pulses(); })) {}

Traffic::~Traffic() {
  ensure(streams_.empty());
  loop.drop(timer_);
}

Traffic::Place Traffic::add(Stream& stream) {
  if (streams_.empty()) loop.set(timer_, loop.clock().now() + options.peer_timeout / times);
  return streams_.insert(streams_.end(), &stream);
}

void Traffic::remove(Place place) {
  streams_.erase(place);
  if (streams_.empty()) loop.set(timer_, never);
}

// No stream tells anybody within that, so that the list stays as it is.
void Traffic::feel_pulses() {
  const Time now = loop.clock().now();
  for (Stream* const stream : streams_) stream->feel_pulse(now);
  loop.set(timer_, now + options.peer_timeout / times);
}

}  // namespace bowline::runtime

// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/stall.h"

#include <algorithm>
#include <utility>

namespace bowline::host {

Stall::Stall(env::Loop& loop, const env::Clock& clock, Hooks hooks)
    : loop_(loop),
      clock_(clock),
      hooks_(std::move(hooks)),
      timer_(loop.timer([this] { look(); })) {}

Stall::~Stall() { loop_.drop(timer_); }

void Stall::watch(Duration patience) {
  patience_ = patience;
  if (due_ || told_) return;
  if (const std::optional<Time> since = hooks_.busy_since())
    set(std::max(clock_.now(), *since + patience));
}

void Stall::over() { told_ = false; }

void Stall::set(Time when) {
  due_ = when;
  loop_.set(timer_, when);
}

// If we come late ourselves it is our thread that stood still. The disk may be done long since, and
// its answer waits behind us.
void Stall::look() {
  const Time now = clock_.now();
  const bool late = now - *std::exchange(due_, std::nullopt) > patience_ / 4;
  const std::optional<Time> since = hooks_.busy_since();
  if (!since) return;
  if (late) return set(now + patience_ / 8);
  if (now < *since + patience_) return set(*since + patience_);
  const std::optional<Duration> next = hooks_.lasts(now - *since);
  told_ = !next;
  if (next) set(*since + *next);
}

}  // namespace bowline::host

// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/pace.h"

#include <algorithm>
#include <ratio>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::host {
namespace {

constexpr std::uint64_t most_bytes = std::uint64_t{1} << 32;  // asked for at once

}  // namespace

Pace::Pace(env::Env env, std::uint64_t bytes_per_second)
    : env_(env), bytes_per_second_(bytes_per_second) {
  timer_ = env_.loop.timer(life_.guard([this] { rings(); }));
}

Pace::~Pace() { env_.loop.drop(timer_); }

void Pace::ask(const env::Life& asks, std::uint64_t bytes, env::Done<> go) {
  ensure(bytes <= most_bytes);
  if (bytes_per_second_ == 0) return env_.loop.soon(life_.guard(asks.guard(std::move(go))));
  waiting_.push_back({asks.watch(), bytes, std::move(go)});
  if (waiting_.size() == 1) wait();
}

void Pace::wait() { env_.loop.set(timer_, std::max(env_.clock.now(), free_at_)); }

void Pace::rings() {
  while (!waiting_.empty() && waiting_.front().asks.expired()) waiting_.pop_front();
  if (waiting_.empty()) return;
  Asked next = std::move(waiting_.front());
  waiting_.pop_front();
  const Duration takes(next.bytes * std::nano::den / bytes_per_second_);
  free_at_ = std::max(env_.clock.now(), free_at_) + takes;
  if (!waiting_.empty()) wait();
  next.go();
}

}  // namespace bowline::host

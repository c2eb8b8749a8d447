// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/loop.h"

#include <chrono>

#include <asio/post.hpp>

#include "bowline/base/ensure.h"
#include "bowline/runtime/loop_asio.h"
#include "bowline/runtime/workers.h"

namespace bowline::runtime {
namespace {

using Steady = std::chrono::steady_clock;

Steady::time_point on_steady_clock(Time time) {
  return Steady::time_point(std::chrono::duration_cast<Steady::duration>(time.since_start));
}

}  // namespace

Time Clock::now() const { return {Steady::now().time_since_epoch()}; }

std::int64_t Clock::wall_ms() const {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

Loop::Loop(std::size_t threads_aside)
    : asio_(std::make_unique<Asio>()), threads_aside_(threads_aside), aside_(workers()) {}

// What goes may ask for more as it does so.
Loop::~Loop() {
  forget();
  while (!timers_.empty()) drop(timers_.begin()->first);
  forget();
}

std::unique_ptr<Workers> Loop::workers() {
  return std::make_unique<Workers>(threads_aside_,
                                   [this](env::Done<> done) { post(std::move(done)); });
}

void Loop::forget() {
  const auto is_empty = [this] {
    const std::scoped_lock lock(posted_mutex_);
    return posted_.empty() && soon_.empty() && aside_->is_idle();
  };
  while (!is_empty()) {
    std::exchange(aside_, workers()).reset();  // the threads first: they post to us
    const std::vector<env::Done<>> later = std::exchange(soon_, {});
    std::vector<env::Done<>> posted;
    {
      const std::scoped_lock lock(posted_mutex_);
      posted.swap(posted_);
    }
  }
}

env::TimerId Loop::timer(std::move_only_function<void()> rings) {
  last_timer_ = last_timer_.next();
  timers_.emplace(last_timer_, Timer{std::move(rings), never});
  return last_timer_;
}

void Loop::set(env::TimerId id, Time when) {
  const auto it = timers_.find(id);
  ensure(it != timers_.end());
  Timer& timer = it->second;
  if (timer.when == when) return;
  if (timer.when != never && when != never) {
    auto moved = set_timers_.extract({timer.when, id});  // allocates nothing
    moved.value() = {when, id};
    set_timers_.insert(std::move(moved));
  } else if (when != never) {
    set_timers_.emplace(when, id);
  } else {
    set_timers_.erase({timer.when, id});
  }
  timer.when = when;
  // A timer that moves away costs the kernel nothing: the alarm comes too early then, once.
  if (when < armed_) arm();
}

void Loop::drop(env::TimerId id) {
  set(id, never);
  timers_.erase(id);
}

void Loop::arm() {
  armed_ = set_timers_.empty() ? never : set_timers_.begin()->first;
  if (armed_ == never) return;
  asio_->alarm.expires_at(on_steady_clock(armed_));
  asio_->alarm.async_wait([this](const asio::error_code& error) {
    if (error != asio::error::operation_aborted) ring();
  });
}

void Loop::ring() {
  armed_ = {Duration::min()};  // those that are set meanwhile need no alarm of their own
  const Time now = clock_.now();
  // Bounded: one that sets itself to the past again must wait for the next turn.
  for (std::size_t left = set_timers_.size(); left > 0 && !set_timers_.empty(); --left) {
    const auto [when, id] = *set_timers_.begin();
    if (when > now) break;
    set(id, never);
    // It may drop itself, and what runs must not be destroyed by that.
    std::move_only_function<void()> rings = std::move(timers_.find(id)->second.rings);
    rings();
    if (const auto it = timers_.find(id); it != timers_.end()) it->second.rings = std::move(rings);
  }
  arm();
}

void Loop::soon(env::Done<> done) {
  soon_.push_back(std::move(done));
  if (std::exchange(soon_is_due_, true)) return;
  asio::post(asio_->context, [this] { run_soon(); });
}

void Loop::run_soon() {
  soon_is_due_ = false;  // what is added from now on has its turn after all that waits
  std::vector<env::Done<>> due = std::exchange(soon_, {});
  for (env::Done<>& done : due) done();
}

void Loop::aside(env::Done<> work, env::Done<> done) {
  aside_->run(std::move(work), std::move(done));
}

void Loop::post(env::Done<> done) {
  bool first = false;
  {
    const std::scoped_lock lock(posted_mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(done));
  }
  if (first) asio::post(asio_->context, [this] { run_posted(); });
}

void Loop::run_posted() {
  std::vector<env::Done<>> due;
  {
    const std::scoped_lock lock(posted_mutex_);
    due.swap(posted_);
  }
  for (env::Done<>& done : due) done();
}

void Loop::run() {
  asio_->context.run();
  asio_->context.restart();
}

bool Loop::run_until(const std::function<bool()>& holds, Time deadline) {
  bool late = false;
  while (!holds()) {
    if (late) return false;
    if (deadline == never) {
      asio_->context.run_one();
    } else {
      late = asio_->context.run_one_until(on_steady_clock(deadline)) == 0;
    }
    if (!asio_->context.stopped()) continue;
    asio_->context.restart();
    return holds();
  }
  return true;
}

void Loop::stop() { asio_->context.stop(); }

}  // namespace bowline::runtime

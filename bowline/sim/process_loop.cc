// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/process_loop.h"

#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::sim {
namespace {

// So many callbacks in one instant are no work but a circle.
constexpr std::uint64_t circle = 10'000'000;

}  // namespace

void ProcessLoop::push(Event event) {
  event.order = ++orders_;
  heap_.push_back(event);
  std::push_heap(heap_.begin(), heap_.end(), later);
}

ProcessLoop::Event ProcessLoop::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), later);
  const Event event = heap_.back();
  heap_.pop_back();
  return event;
}

void ProcessLoop::after(Duration wait, env::Done<> task) {
  ensure(wait >= Duration(0));
  if (dead_) return;
  push({.at = now_ + wait, .slot = tasks_.put(std::move(task))});
}

void ProcessLoop::soon(env::Done<> task) { after(Duration(0), std::move(task)); }

void ProcessLoop::aside(env::Done<> work, env::Done<> done) {
  const Duration wait = climate_.aside_floor + chance_.exponential("aside", climate_.aside);
  after(wait, [this, work = std::move(work), done = std::move(done)]() mutable {
    work();
    soon(std::move(done));
  });
}

env::TimerId ProcessLoop::timer(std::move_only_function<void()> rings) {
  const std::uint64_t id = ++timer_ids_;
  if (!dead_) timers_.emplace(id, Timer{.rings = std::move(rings)});
  return {id};
}

// A timer that is moved to a later time keeps its event, which will look again; so one that is
// moved at every heartbeat does not fill the queue.
void ProcessLoop::queue(std::uint64_t id, Timer& timer) {
  const Time at = clock_ == nullptr ? std::max(timer.when, now_) : clock_->when(timer.when, now_);
  if (timer.queued <= at) return;
  timer.queued = at;
  push({.at = at, .timer = id});
}

void ProcessLoop::set(env::TimerId id, Time when) {
  if (dead_) return;
  const auto found = timers_.find(id.value);
  ensure(found != timers_.end());
  found->second.when = when;
  if (when != never) queue(id.value, found->second);
}

void ProcessLoop::drop(env::TimerId id) {
  if (dead_) return;
  const auto found = timers_.find(id.value);
  ensure(found != timers_.end());
  const Timer gone = std::move(found->second);  // outlives the entry: it may call us when it dies
  timers_.erase(found);
}

void ProcessLoop::ring(std::uint64_t id, Time queued) {
  const auto found = timers_.find(id);
  if (found == timers_.end() || found->second.queued != queued) return;
  Timer& timer = found->second;
  timer.queued = never;
  if (timer.when == never) return;
  if (timer.when > local()) return queue(id, timer);
  timer.when = never;
  auto rings = std::move(timer.rings);  // it may drop the timer
  rings();
  const auto again = timers_.find(id);
  if (again != timers_.end()) again->second.rings = std::move(rings);
}

void ProcessLoop::run_next() {
  ensure(!running_);
  ensure(!heap_.empty());
  const Event event = pop();
  if (event.at > now_) advance(event.at);
  ensure(++busy_instant_ < circle);
  ++ran_;
  running_ = true;
  if (event.timer != 0) {
    ring(event.timer, event.at);
  } else {
    env::Done<> task = tasks_.take(event.slot);
    task();
  }
  running_ = false;
}

void ProcessLoop::advance(Time now) {
  ensure(now >= now_);
  if (now > now_) busy_instant_ = 0;
  now_ = now;
}

bool ProcessLoop::run_until(const std::function<bool()>& holds, Duration at_most) {
  const Time end = now_ + at_most;
  while (!holds()) {
    if (next_at() > end) {
      advance(end);
      return holds();
    }
    run_next();
  }
  return true;
}

void ProcessLoop::run(Duration time) {
  run_until([] { return false; }, time);
}

void ProcessLoop::clock_changed() {
  for (auto& [id, timer] : timers_) {
    if (timer.when != never) queue(id, timer);
  }
}

// What dies here may call us: it finds a loop that is dead, and empty.
Time ProcessLoop::hurry(Duration each) {
  std::ranges::sort(heap_, [](const Event& a, const Event& b) { return later(b, a); });
  Time at = now_;
  for (Event& event : heap_) {
    if (event.timer != 0) continue;
    at = at + each;
    event.at = std::min(event.at, at);
  }
  std::ranges::make_heap(heap_, later);
  return at;
}

void ProcessLoop::clear() {
  dead_ = true;
  const auto heap = std::exchange(heap_, {});
  const auto tasks = std::exchange(tasks_, {});
  const auto timers = std::exchange(timers_, {});
}

}  // namespace bowline::sim

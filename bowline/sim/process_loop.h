// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/sim/agenda.h"
#include "bowline/sim/clock.h"
#include "bowline/sim/decisions.h"

namespace bowline::sim {

// How long work on other threads takes.
struct LoopClimate {
  Duration aside_floor{10'000};
  Duration aside{100'000};  // and this much more, in the mean
};

// The callbacks of one simulated process, in virtual time. It never runs by itself: a test drives
// it with run_until(), a world with next_at() and run_next() among its other events. The end of the
// process is the end of this object, or clear(): what waits is dropped and never called.
//
// Its time is true time. With a clock, timers are set by what that clock shows.
class ProcessLoop final : public env::Loop {
 public:
  explicit ProcessLoop(Chance& chance, Time now = {}, const Clock* clock = nullptr,
                       LoopClimate climate = {})
      : chance_(chance), climate_(climate), clock_(clock), now_(now) {}
  ~ProcessLoop() override { clear(); }
  ProcessLoop(const ProcessLoop&) = delete;
  ProcessLoop& operator=(const ProcessLoop&) = delete;

  // env::Loop
  env::TimerId timer(std::move_only_function<void()> rings) override;
  void set(env::TimerId, Time when) override;
  void drop(env::TimerId) override;
  void soon(env::Done<>) override;
  void aside(env::Done<> work, env::Done<> done) override;

  // For simulated devices.
  void after(Duration, env::Done<>);

  // For whoever drives it. Nobody may do so from inside a callback, except advance() and clear().
  Time now() const { return now_; }
  Time local() const { return clock_ == nullptr ? now_ : clock_->local(now_); }
  Time next_at() const { return heap_.empty() ? never : heap_.front().at; }  // it may be past
  void run_next();         // the next of what waits; sometimes that is nothing any more
  void advance(Time now);  // time has moved on outside
  bool run_until(const std::function<bool()>& holds, Duration at_most);
  void run(Duration);
  void clock_changed();       // its rate, or it jumped
  Time hurry(Duration each);  // devices end soon, in their order, each after so long; when all have
  void clear();               // a callback may do that, too
  bool dead() const { return dead_; }
  std::uint64_t ran() const { return ran_; }

 private:
  struct Event {
    Time at;
    std::uint64_t order = 0;
    std::uint64_t timer = 0;  // 0: none
    std::uint32_t slot = 0;   // if it is none: of the task
  };
  struct Timer {
    std::move_only_function<void()> rings;
    Time when = never;    // by the clock
    Time queued = never;  // the event that counts; others of this timer are out of date
  };
  static bool later(const Event& a, const Event& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }
  void push(Event);
  Event pop();
  void queue(std::uint64_t id, Timer&);
  void ring(std::uint64_t id, Time queued);

  Chance& chance_;
  LoopClimate climate_;
  const Clock* clock_;
  Time now_;
  bool running_ = false;
  bool dead_ = false;
  std::uint64_t orders_ = 0;
  std::uint64_t timer_ids_ = 0;
  std::uint64_t ran_ = 0;
  std::uint64_t busy_instant_ = 0;  // callbacks since time last moved
  std::vector<Event> heap_;
  Pool<env::Done<>> tasks_;
  std::map<std::uint64_t, Timer> timers_;
};

// What the process sees of time.
class ProcessClock final : public env::Clock {
 public:
  explicit ProcessClock(const ProcessLoop& loop, std::int64_t wall_origin_ms = 0)
      : loop_(loop), wall_origin_ms_(wall_origin_ms) {}
  Time now() const override { return loop_.local(); }
  std::int64_t wall_ms() const override {
    return wall_origin_ms_ + loop_.local().since_start.count() / 1'000'000;
  }

 private:
  const ProcessLoop& loop_;
  std::int64_t wall_origin_ms_;
};

}  // namespace bowline::sim

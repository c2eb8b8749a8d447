// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <functional>
#include <utility>

#include "bowline/env/env.h"

namespace bowline::host {

// One timer, and a time that goes on when it is told to.
class OneTimer final : public env::Loop, public env::Clock {
 public:
  env::TimerId timer(std::move_only_function<void()> rings) override {
    rings_ = std::move(rings);
    return env::TimerId{1};
  }
  void set(env::TimerId, Time when) override {
    when_ = when;
    ++sets;
  }
  void drop(env::TimerId) override { when_ = never; }
  void soon(env::Done<>) override {}
  void aside(env::Done<>, env::Done<>) override {}
  Time now() const override { return now_; }
  std::int64_t wall_ms() const override { return 0; }

  void run(Duration span) {
    const Time end = now_ + span;
    while (when_ <= end) {
      now_ = std::max(now_, std::exchange(when_, never));
      rings_();
    }
    now_ = end;
  }
  void stand_still(Duration span) { now_ = now_ + span; }
  bool armed() const { return when_ != never; }
  int sets = 0;

 private:
  std::move_only_function<void()> rings_;
  Time now_{std::chrono::seconds(1)};
  Time when_ = never;
};

}  // namespace bowline::host

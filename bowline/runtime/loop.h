// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "bowline/base/time.h"
#include "bowline/env/env.h"

namespace bowline::runtime {

class Workers;

// The kernel's steady clock. It stands still while the machine sleeps.
class Clock final : public env::Clock {
 public:
  Time now() const override;
  std::int64_t wall_ms() const override;
};

// The loop of one thread: that which runs it, and whose calls it takes. Outlives all that it was
// given to.
class Loop final : public env::Loop {
 public:
  // At most so many threads for what is done aside; they are started when first needed.
  explicit Loop(std::size_t threads_aside = 2);
  ~Loop() override;  // drops all that waits
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  env::TimerId timer(std::move_only_function<void()> rings) override;
  void set(env::TimerId, Time when) override;
  void drop(env::TimerId) override;
  void soon(env::Done<>) override;
  void aside(env::Done<> work, env::Done<> done) override;

  const Clock& clock() const { return clock_; }
  Clock& clock() { return clock_; }

  void run();  // until stop()
  // Until that holds (it is asked before each turn); false if it is stopped or late.
  bool run_until(const std::function<bool()>& holds, Time deadline = never);
  void stop();             // from any thread; the loop ends, or ends at once when next it is run
  void post(env::Done<>);  // from any thread: run this on the loop's, in this order
  // Nothing that waits is called any more, but for timers: it goes, with all that it holds. On the
  // loop's thread, or when no thread runs it.
  void forget();

  // For what waits for the kernel: sockets, signals, disks. loop_asio.h says what that is, and
  // keeps the library out of this header.
  struct Asio;
  Asio& asio() { return *asio_; }

 private:
  struct Timer {
    std::move_only_function<void()> rings;
    Time when = never;  // invariant: in set_timers_, unless never
  };
  using Setting = std::pair<Time, env::TimerId>;

  std::unique_ptr<Workers> workers();
  void run_soon();
  void run_posted();
  void arm();
  void ring();

  Clock clock_;
  std::unique_ptr<Asio> asio_;
  std::vector<env::Done<>> soon_;
  bool soon_is_due_ = false;

  env::TimerId last_timer_;
  std::map<env::TimerId, Timer> timers_;
  std::set<Setting> set_timers_;
  Time armed_ = never;  // when the kernel wakes us; may be too early

  std::size_t threads_aside_;
  std::mutex posted_mutex_;
  std::vector<env::Done<>> posted_;  // under the mutex

  std::unique_ptr<Workers> aside_;
};

}  // namespace bowline::runtime

// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/loop.h"

#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "bowline/base/time.h"
#include "bowline/env/conformance.h"
#include "bowline/env/env.h"
#include "bowline/runtime/test_places.h"

namespace bowline::env {

std::ostream& operator<<(std::ostream& out, const Check& check) { return out << check.name; }

}  // namespace bowline::env

namespace bowline::runtime {
namespace {

using namespace std::chrono_literals;

class Conformance : public testing::TestWithParam<env::Check> {};

TEST_P(Conformance, holds) {
  RealGround ground(ordinary_parent(), {.way = DiskOptions::Way::threads});
  EXPECT_EQ(GetParam().run(ground), "");
}

INSTANTIATE_TEST_SUITE_P(Loop, Conformance,
                         testing::ValuesIn(env::loop_checks().begin(), env::loop_checks().end()),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Loop, runs_until_it_is_stopped_and_then_again) {
  Loop loop;
  int times = 0;
  const auto stop = [&] {
    ++times;
    loop.stop();
  };
  loop.soon(stop);
  loop.run();
  EXPECT_EQ(times, 1);
  loop.soon(stop);
  loop.run();
  EXPECT_EQ(times, 2);
}

TEST(Loop, a_timer_that_is_always_due_holds_up_nobody) {
  Loop loop;
  int times = 0;
  bool is_over = false;
  env::TimerId always;
  always = loop.timer([&] {
    if (++times == 1) loop.soon([&] { is_over = true; });
    ASSERT_LT(times, 1000);
    loop.set(always, Time{});
  });
  loop.set(always, Time{});
  EXPECT_TRUE(loop.run_until([&] { return is_over; }, loop.clock().now() + 60s));
}

TEST(Loop, gives_up_when_it_is_late) {
  Loop loop;
  EXPECT_FALSE(loop.run_until([] { return false; }, loop.clock().now() + 1ms));
  EXPECT_TRUE(loop.run_until([] { return true; }, loop.clock().now()));
}

TEST(Loop, takes_what_other_threads_post_in_their_order) {
  constexpr int each = 1000;
  Loop loop;
  int expected[2] = {};
  int ended = 0;
  const auto post = [&](int thread) {
    for (int i = 0; i < each; ++i) {
      loop.post([&, thread, i] {
        EXPECT_EQ(expected[thread]++, i);
        ++ended;
      });
    }
  };
  std::thread one(post, 0);
  std::thread two(post, 1);
  EXPECT_TRUE(loop.run_until([&] { return ended == 2 * each; }, loop.clock().now() + 60s));
  one.join();
  two.join();
}

TEST(Loop, can_be_stopped_by_another_thread) {
  Loop loop;
  std::thread other([&] { loop.stop(); });
  loop.run();
  other.join();
}

TEST(Loop, drops_what_waits_when_it_ends) {
  const auto counted = std::make_shared<int>();
  {
    Loop loop;
    loop.soon([counted] { FAIL(); });
    loop.post([counted] { FAIL(); });
    loop.set(loop.timer([counted] { FAIL(); }), loop.clock().now());
    for (int i = 0; i < 10; ++i) loop.aside([counted] {}, [counted] { FAIL(); });
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(Loop, forgets_what_waits_also_what_that_leads_to) {
  const auto counted = std::make_shared<int>();
  Loop loop;
  struct Asks {
    Loop* loop;
    std::shared_ptr<int> counted;
    Asks(Loop& of, std::shared_ptr<int> counts) : loop(&of), counted(std::move(counts)) {}
    Asks(const Asks&) = delete;
    Asks& operator=(const Asks&) = delete;
    ~Asks() {
      loop->soon([counted = counted] { FAIL(); });
      loop->aside([] {}, [counted = counted] { FAIL(); });
    }
  };
  loop.soon([asks = std::make_unique<Asks>(loop, counted)] { FAIL(); });
  loop.post([asks = std::make_unique<Asks>(loop, counted)] { FAIL(); });
  loop.aside([] {}, [asks = std::make_unique<Asks>(loop, counted)] { FAIL(); });
  loop.forget();
  EXPECT_EQ(counted.use_count(), 1);
  bool is_asked = false;
  loop.soon([&] { is_asked = true; });
  EXPECT_TRUE(loop.run_until([&] { return is_asked; }, loop.clock().now() + 10s));
}

}  // namespace
}  // namespace bowline::runtime

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/process_loop.h"

#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct ProcessLoops : testing::Test {
  void runs(Duration time) { loop->run(time); }
  auto says(std::string what) {
    return [this, what = std::move(what)] { said += what; };
  }
  Decisions decisions{1};
  Chance chance{decisions, {.part = Part::node, .a = 1}};
  std::optional<ProcessLoop> loop{std::in_place, chance};
  std::string said;
};

TEST_F(ProcessLoops, what_is_soon_comes_in_order_and_after_what_waits) {
  loop->after(0s, says("a"));
  loop->soon([this] {
    said += "b";
    loop->soon(says("d"));
    said += "b";
  });
  loop->soon(says("c"));
  EXPECT_EQ(said, "");
  runs(0s);
  EXPECT_EQ(said, "abbcd");
  EXPECT_EQ(loop->now(), Time{});
}

TEST_F(ProcessLoops, devices_answer_in_the_order_of_time) {
  loop->after(3ms, says("c"));
  loop->after(1ms, says("a"));
  loop->after(2ms, says("b"));
  EXPECT_EQ(loop->next_at(), Time{1ms});
  loop->run_next();
  EXPECT_EQ(said, "a");
  EXPECT_EQ(loop->now(), Time{1ms});
  runs(1s);
  EXPECT_EQ(said, "abc");
  EXPECT_EQ(loop->next_at(), never);
}

TEST_F(ProcessLoops, a_timer_rings_once_each_time_it_is_set) {
  const env::TimerId timer = loop->timer(says("r"));
  runs(1s);
  EXPECT_EQ(said, "");
  loop->set(timer, Time{2s});
  runs(999ms);
  EXPECT_EQ(said, "");
  runs(1ms);
  EXPECT_EQ(said, "r");
  runs(5s);
  EXPECT_EQ(said, "r");
  loop->set(timer, Time{});  // past: as soon as possible
  runs(0s);
  EXPECT_EQ(said, "rr");
}

TEST_F(ProcessLoops, a_timer_can_be_moved_both_ways_and_unset) {
  std::optional<Time> rang;
  const env::TimerId timer = loop->timer([&] { rang = loop->now(); });
  loop->set(timer, Time{2s});
  loop->set(timer, Time{3s});
  runs(4s);
  EXPECT_EQ(rang, Time{3s});
  rang.reset();
  loop->set(timer, Time{9s});
  loop->set(timer, Time{6s});
  loop->set(timer, Time{8s});
  loop->set(timer, Time{7s});
  runs(6s);
  EXPECT_EQ(rang, Time{7s});
  rang.reset();
  loop->set(timer, Time{11s});
  loop->set(timer, never);
  runs(5s);
  EXPECT_FALSE(rang);
}

TEST_F(ProcessLoops, a_timer_that_is_moved_at_every_beat_does_not_fill_the_queue) {
  const env::TimerId timer = loop->timer(says("r"));
  for (int beat = 0; beat < 1000; ++beat) {
    loop->set(timer, loop->now() + 1s);
    runs(1ms);
  }
  EXPECT_EQ(said, "");
  runs(1s);
  EXPECT_EQ(said, "r");
  EXPECT_LE(loop->ran(), 4U);
}

TEST_F(ProcessLoops, times_that_a_timer_left_do_not_add_up) {
  env::TimerId timer;
  timer = loop->timer([&] {
    loop->set(timer, loop->now() + 10ms);
    loop->set(timer, loop->now() + 1ms);
  });
  loop->set(timer, Time{});
  runs(1s);
  EXPECT_LE(loop->ran(), 2002U);
}

TEST_F(ProcessLoops, a_timer_may_drop_itself_or_set_itself_when_it_rings) {
  env::TimerId once;
  once = loop->timer([&] {
    said += "o";
    loop->drop(once);
  });
  env::TimerId again;
  again = loop->timer([&] {
    said += "a";
    loop->set(again, loop->now() + 1s);
  });
  loop->set(once, Time{500ms});
  loop->set(again, Time{1s});
  runs(3s);
  EXPECT_EQ(said, "oaaa");
}

TEST_F(ProcessLoops, a_dropped_timer_never_rings) {
  const env::TimerId timer = loop->timer(says("r"));
  loop->set(timer, Time{1s});
  loop->drop(timer);
  runs(2s);
  EXPECT_EQ(said, "");
}

TEST_F(ProcessLoops, work_aside_is_done_later_and_then_we_are_told) {
  loop->aside(says("w"), says("d"));
  EXPECT_EQ(said, "");
  runs(0s);
  EXPECT_EQ(said, "");
  ASSERT_TRUE(loop->run_until([&] { return !said.empty(); }, 1s));
  EXPECT_EQ(said, "w");
  EXPECT_GT(loop->now(), Time{});
  runs(0s);
  EXPECT_EQ(said, "wd");
}

TEST_F(ProcessLoops, what_waits_dies_uncalled_with_the_process) {
  const auto held = std::make_shared<int>(1);
  loop->after(1s, [this, held] { said += "x"; });
  loop->aside([this, held] { said += "x"; }, [this, held] { said += "x"; });
  loop->set(loop->timer([this, held] { said += "x"; }), Time{1s});
  EXPECT_EQ(held.use_count(), 5);
  loop.reset();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(said, "");
}

TEST_F(ProcessLoops, a_callback_may_end_its_process) {
  loop->soon([this] {
    loop->clear();
    said += "a";
    loop->soon(says("x"));
  });
  loop->soon(says("x"));
  runs(1s);
  EXPECT_EQ(said, "a");
  EXPECT_TRUE(loop->dead());
  EXPECT_EQ(loop->next_at(), never);
}

TEST_F(ProcessLoops, what_dies_may_call_the_loop) {
  struct Late {
    ~Late() {
      loop.soon([] {});
      loop.drop(timer);
    }
    ProcessLoop& loop;
    env::TimerId timer;
  };
  const env::TimerId timer = loop->timer(says("x"));
  loop->soon([late = std::make_shared<Late>(*loop, timer)] {});
  loop->clear();
  EXPECT_EQ(loop->next_at(), never);
}

TEST_F(ProcessLoops, nobody_runs_it_from_inside) {
  loop->soon([this] { loop->run_next(); });
  loop->soon([] {});
  EXPECT_DEATH(loop->run_next(), "ensure failed");
}

TEST_F(ProcessLoops, timers_go_by_the_clock_of_the_process) {
  Clock clock(Time{}, 100s, 500);  // half again as fast
  loop.emplace(chance, Time{}, &clock);
  const ProcessClock shown(*loop, 1'000'000);
  EXPECT_EQ(shown.now(), Time{100s});
  EXPECT_EQ(shown.wall_ms(), 1'100'000);
  std::optional<Time> rang;
  const env::TimerId timer = loop->timer([&] { rang = loop->now(); });
  loop->set(timer, Time{103s});
  runs(3s);
  EXPECT_EQ(rang, Time{2s});
  for (const std::int64_t permille : {-500, 1000}) {
    clock.change_rate(loop->now(), 0);
    loop->set(timer, shown.now() + 4s);
    clock.change_rate(loop->now(), permille);
    loop->clock_changed();
    const Time set_at = loop->now();
    runs(20s);
    EXPECT_EQ(rang, set_at + (permille < 0 ? 8s : 2s));
    loop->clock_changed();
    runs(1s);
    EXPECT_EQ(rang, set_at + (permille < 0 ? 8s : 2s));  // not again
  }
}

TEST_F(ProcessLoops, a_process_that_stood_still_is_late_but_in_order) {
  loop->after(1s, says("a"));
  loop->after(2s, says("b"));
  loop->advance(Time{5s});
  EXPECT_EQ(loop->next_at(), Time{1s});
  loop->run_next();
  EXPECT_EQ(loop->now(), Time{5s});
  loop->run_next();
  EXPECT_EQ(said, "ab");
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "bowline/env/conformance.h"

namespace bowline::env {
namespace {

using namespace std::chrono_literals;

std::string unless(bool holds, const char* wrong) { return holds ? "" : wrong; }

std::string soon_keeps_order(Ground& ground) {
  std::string order;
  ground.loop().soon([&] {
    order += 'a';
    ground.loop().soon([&] { order += 'd'; });
    order += 'b';
  });
  ground.loop().soon([&] { order += 'c'; });
  if (!order.empty()) return "called within the call";
  if (!ground.run_until([&] { return order.size() == 4; })) return "something never came";
  return unless(order == "abcd", "not in the order in which they were given");
}

std::string timers_ring_in_order_of_time(Ground& ground) {
  Loop& loop = ground.loop();
  const Time now = ground.clock().now();
  std::string order;
  bool early = false;
  const auto rings = [&](char letter, Time when) {
    return [&order, &early, &ground, letter, when] {
      order += letter;
      early = early || ground.clock().now() < when;
    };
  };
  const TimerId b = loop.timer(rings('b', now + 2ms));
  const TimerId a = loop.timer(rings('a', now + 1ms));
  const TimerId c = loop.timer(rings('c', now + 3ms));
  loop.set(b, now + 2ms);
  loop.set(a, now + 1ms);
  loop.set(c, now + 3ms);
  if (!order.empty()) return "rang within the call";
  if (!ground.run_until([&] { return order.size() == 3; })) return "one never rang";
  if (early) return "one rang too early";
  loop.drop(a);
  loop.drop(b);
  loop.drop(c);
  return unless(order == "abc", "not in the order of their times");
}

std::string a_timer_can_be_moved_and_unset(Ground& ground) {
  Loop& loop = ground.loop();
  const Time now = ground.clock().now();
  std::string order;
  const TimerId later = loop.timer([&] { order += 'l'; });
  const TimerId unset = loop.timer([&] { order += 'u'; });
  const TimerId dropped = loop.timer([&] { order += 'd'; });
  const TimerId sooner = loop.timer([&] { order += 's'; });
  const TimerId last = loop.timer([&] { order += '.'; });
  loop.set(sooner, now + 1h);
  loop.set(later, now + 1ms);
  loop.set(unset, now + 1ms);
  loop.set(dropped, now + 1ms);
  loop.set(last, now + 5ms);
  loop.set(later, now + 4ms);
  loop.set(unset, never);
  loop.drop(dropped);
  loop.set(sooner, now + 2ms);
  if (!ground.run_until([&] { return order.ends_with('.'); })) return "the last never rang";
  for (const TimerId id : {later, unset, sooner, last}) loop.drop(id);
  return unless(order == "sl.", "they did not ring as they were set last");
}

std::string a_timer_rings_once_and_may_set_itself(Ground& ground) {
  Loop& loop = ground.loop();
  int times = 0;
  bool is_over = false;
  TimerId again;
  again = loop.timer([&] {
    ++times;
    if (times < 3) loop.set(again, ground.clock().now());  // at once, but not within
    if (times == 3) loop.drop(again);                      // while it rings
  });
  loop.set(again, ground.clock().now());
  const TimerId end = loop.timer([&] { is_over = true; });
  loop.set(end, ground.clock().now() + 3ms);
  if (!ground.run_until([&] { return is_over && times >= 3; })) return "it did not ring again";
  loop.drop(end);
  return unless(times == 3, "it rang although it was not set");
}

std::string work_aside_is_followed_by_its_end(Ground& ground) {
  constexpr int pieces = 20;
  std::array<int, pieces> found{};
  int ended = 0;
  bool in_order = true;
  for (int i = 0; i < pieces; ++i) {
    int& mine = found[static_cast<std::size_t>(i)];
    ground.loop().aside([&mine, i] { mine = i + 1; },
                        [&, i] {
                          in_order = in_order && mine == i + 1;
                          ++ended;
                        });
  }
  if (ended > 0) return "ended within the call";
  if (!ground.run_until([&] { return ended == pieces; })) return "something never ended";
  return unless(in_order, "an end came before its work");
}

// As the last user of a file has that removed.
std::string what_goes_with_an_end_may_ask_for_more(Ground& ground) {
  struct Last {
    Loop& loop;
    int& ended;
    Last(Loop& of, int& counts) : loop(of), ended(counts) {}
    Last(const Last&) = delete;
    Last& operator=(const Last&) = delete;
    ~Last() {
      loop.aside([] {}, [&ended = ended] { ++ended; });
    }
  };
  int ended = 0;
  ground.loop().aside([] {}, [last = std::make_unique<Last>(ground.loop(), ended)] {});
  ground.loop().soon([last = std::make_unique<Last>(ground.loop(), ended)] {});
  const TimerId timer =
      ground.loop().timer([last = std::make_unique<Last>(ground.loop(), ended)] {});
  ground.loop().drop(timer);
  return unless(ground.run_until([&] { return ended == 3; }), "something never ended");
}

constexpr std::array all = {
    Check{"soon_keeps_order", soon_keeps_order},
    Check{"timers_ring_in_order_of_time", timers_ring_in_order_of_time},
    Check{"a_timer_can_be_moved_and_unset", a_timer_can_be_moved_and_unset},
    Check{"a_timer_rings_once_and_may_set_itself", a_timer_rings_once_and_may_set_itself},
    Check{"work_aside_is_followed_by_its_end", work_aside_is_followed_by_its_end},
    Check{"what_goes_with_an_end_may_ask_for_more", what_goes_with_an_end_may_ask_for_more},
};

}  // namespace

std::span<const Check> loop_checks() { return all; }

}  // namespace bowline::env

// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/stall.h"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/host/one_timer.h"

namespace bowline::host {
namespace {

using namespace std::chrono_literals;

struct StallTest : testing::Test {
  OneTimer world;
  std::optional<Time> busy;
  std::optional<Duration> next;
  std::vector<Duration> told;
  Stall stall{world,
              world,
              {.busy_since = [this] { return busy; },
               .lasts =
                   [this](Duration lasted) {
                     told.push_back(lasted);
                     return std::exchange(next, std::nullopt);
                   }}};

  void write() {
    busy = world.now();
    stall.watch(1s);
  }
  void landed() {
    busy.reset();
    stall.over();
  }
};

TEST_F(StallTest, a_disk_that_works_is_asked_for_once_a_while) {
  for (int i = 0; i < 10'000; ++i) {
    write();
    world.run(1ms);
    landed();
  }
  EXPECT_TRUE(told.empty());
  EXPECT_LE(world.sets, 25);
}

TEST_F(StallTest, a_write_that_takes_longer_is_told_once) {
  write();
  world.run(999ms);
  EXPECT_TRUE(told.empty());
  world.run(1ms);
  EXPECT_EQ(told, (std::vector<Duration>{1s}));
  stall.watch(1s);  // each turn says so
  world.run(20s);
  EXPECT_EQ(told.size(), 1U);
  landed();
  write();
  world.run(2s);
  EXPECT_EQ(told.size(), 2U);
}

TEST_F(StallTest, who_has_more_patience_hears_of_it_later) {
  next = 3s;
  write();
  world.run(10s);
  EXPECT_EQ(told, (std::vector<Duration>{1s, 3s}));
}

TEST_F(StallTest, one_write_after_the_other_is_no_stall) {
  for (int i = 0; i < 20; ++i) {
    write();
    world.run(900ms);
    landed();
  }
  EXPECT_TRUE(told.empty());
}

// Its answer may be there already, and be heard of right after us.
TEST_F(StallTest, a_thread_that_stood_still_does_not_accuse_the_disk) {
  write();
  world.stand_still(30s);
  world.run(1ms);
  EXPECT_TRUE(told.empty());
  landed();
  world.run(10s);
  EXPECT_TRUE(told.empty());
}

TEST_F(StallTest, but_does_if_the_disk_says_nothing_then_either) {
  write();
  world.stand_still(30s);
  world.run(200ms);
  EXPECT_EQ(told.size(), 1U);
}

}  // namespace
}  // namespace bowline::host

// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/detector.h"

#include <chrono>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "bowline/host/one_timer.h"

namespace bowline::host {
namespace {

using namespace std::chrono_literals;

struct Watching : testing::Test {
  OneTimer world;
  std::string told;
  Detector detector{world,
                    world,
                    {.pulse = 100ms, .silence = 1s},
                    {.pulse = [this](NodeId) { ++pulses; },
                     .silent = [this](NodeId id) { told += "silent " + name(id); },
                     .again = [this](NodeId id) { told += "again " + name(id); },
                     .says_no_pulse = [this](NodeId) { return old; }}};
  int pulses = 0;
  bool old = false;  // what the connection speaks: no pulse

  static std::string name(NodeId id) { return std::to_string(id.value) + "; "; }
};

TEST_F(Watching, nobody_is_watched_before_somebody_needs_that) {
  detector.watch({2});
  EXPECT_FALSE(world.armed());
  world.run(10s);
  EXPECT_EQ(told, "");
  detector.begin();
  world.run(900ms);
  EXPECT_EQ(told, "");
}

TEST_F(Watching, a_silence_is_told_once_and_so_is_its_end) {
  detector.watch({2});
  detector.watch({3});
  detector.begin();
  for (int i = 0; i < 30; ++i) {
    world.run(100ms);
    detector.heard({3});
  }
  EXPECT_EQ(told, "silent 2; ");
  EXPECT_TRUE(detector.missing({2}));
  EXPECT_FALSE(detector.missing({3}));
  detector.heard({2});
  detector.heard({2});
  EXPECT_EQ(told, "silent 2; again 2; ");
}

TEST_F(Watching, of_whom_nobody_needs_any_more_nothing_is_heard_and_nothing_said) {
  detector.watch({2});
  detector.begin();
  world.run(1500ms);
  EXPECT_TRUE(detector.missing({2}));
  detector.forget({2});
  EXPECT_FALSE(detector.missing({2}));
  pulses = 0;
  told.clear();
  world.run(5s);
  EXPECT_EQ(pulses, 0);
  detector.watch({2});
  world.run(500ms);
  detector.forget({2});
  detector.watch({2});  // and is needed again
  world.run(1500ms);
  EXPECT_EQ(told, "silent 2; ");
}

TEST_F(Watching, pulses_are_due_all_the_time) {
  detector.watch({2});
  detector.begin();
  world.run(1s);
  EXPECT_EQ(pulses, 10);
}

TEST_F(Watching, whoever_is_lost_is_not_told_to_be_silent_as_well) {
  detector.watch({2});
  detector.begin();
  detector.lost({2});
  world.run(10s);
  EXPECT_EQ(told, "");
  detector.heard({2});
  EXPECT_EQ(told, "again 2; ");
}

TEST_F(Watching, whoever_did_not_listen_accuses_nobody) {
  detector.watch({2});
  detector.begin();
  world.run(500ms);
  world.stand_still(30s);
  world.run(900ms);
  EXPECT_EQ(told, "");
  world.run(1s);
  EXPECT_EQ(told, "silent 2; ");
}

TEST_F(Watching, a_node_that_is_too_old_to_say_a_pulse_is_not_missed_while_it_is_connected) {
  detector.watch({2});
  detector.begin();
  old = true;
  world.run(10s);
  EXPECT_EQ(told, "");
  EXPECT_FALSE(detector.missing({2}));
  old = false;  // it is upgraded, or the connection is gone
  world.run(2s);
  EXPECT_EQ(told, "silent 2; ");
}

}  // namespace
}  // namespace bowline::host

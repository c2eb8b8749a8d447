// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/differential.h"

#include <gtest/gtest.h>

namespace bowline::kv {
namespace {

TEST(Differential, does_what_the_model_does) {
  std::uint64_t commands = 0;
  std::uint64_t events = 0;
  std::uint64_t ended = 0;
  std::uint64_t installed = 0;
  std::uint64_t slow = 0;
  std::uint64_t left = 0;
  std::uint64_t came_back = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Differential both(seed);
    ASSERT_EQ(both.run(400), "") << "seed " << seed;
    commands += both.commands();
    events += both.events();
    ended += both.ended();
    installed += both.installed();
    slow += both.slow_reads();
    left += both.left_memory();
    came_back += both.came_back();
  }
  // It met what it is for.
  EXPECT_GT(commands, 200'000);
  EXPECT_GT(events, 80'000);
  EXPECT_GT(ended, 200);
  EXPECT_GT(installed, 200);
  EXPECT_GT(slow, 2000);
  EXPECT_GT(left, 3000);
  EXPECT_GT(came_back, 2000);
  std::printf("commands %lu events %lu ended %lu installed %lu slow %lu extents %lu dropped %lu\n",
              commands, events, ended, installed, slow, left, came_back);
  RecordProperty("commands", std::to_string(commands));
  RecordProperty("events", std::to_string(events));
}

}  // namespace
}  // namespace bowline::kv

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/base/mutant.h"
#include "bowline/sim/world.h"

// What is read back on a whole node that does not look at its checksums.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct ReadBack : testing::Test {
  void SetUp() override {
    Plan plan = calm_plan(1);
    plan.whole = true;
    world = std::make_unique<World>(plan);
    world->start(self);
    ASSERT_TRUE(world->wait_for_leader());
    for (int i = 0; i < 8; ++i)
      ASSERT_TRUE(world->wait_for(world->propose(self, Bytes::own(std::string(2000, 'x')))));
  }
  void TearDown() override { the_planted_bug = Bug::none; }
  void reads_all() {
    const Index last = world->site(self)->durable.last();
    world->read_back(self, Index{1}, last);
    world->run(1s);
  }
  const NodeId self{1};
  std::unique_ptr<World> world;
};

TEST_F(ReadBack, what_was_written_is_fine) {
  reads_all();
  EXPECT_FALSE(world->violation());
}

TEST_F(ReadBack, another_content_is_seen) {
  the_planted_bug = Bug::p24_checksum_ignored;
  for (std::uint64_t dice = 1; dice <= 20 && !world->violation(); ++dice) {
    world->rot(self, Index{5}, {.wide = true, .dice = dice});
    reads_all();
  }
  ASSERT_TRUE(world->violation());
  EXPECT_EQ(world->violation()->invariant, "I20") << world->violation()->what;
}

}  // namespace
}  // namespace bowline::sim

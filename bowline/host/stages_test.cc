// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/stages.h"

#include <gtest/gtest.h>

namespace bowline::host {
namespace {

Time at(std::int64_t ns) { return {Duration(ns)}; }

class LapsTest : public testing::Test {
 protected:
  // A batch that is asked for at `ns` and reaches the core 10 later.
  void give(std::uint64_t ticket, std::uint64_t first, std::uint64_t commands, std::int64_t ns) {
    laps_.given({ticket}, commands, at(ns), at(ns + 10));
    laps_.admitted({{ticket}, {{1}, {first}}});
  }
  void commit(std::uint64_t ticket, std::int64_t ns) {
    laps_.decided({{ticket}, raft::Outcome::committed}, at(ns));
  }
  std::uint64_t count(Stage stage) const { return all_.of(stage).count(); }
  std::uint64_t sum(Stage stage) const { return all_.of(stage).sum(); }

  Stages all_;
  Laps laps_{all_};
};

TEST_F(LapsTest, a_batch_passes_every_stage_once) {
  give(1, 5, 3, 100);
  laps_.durable({6}, at(115));  // not its last entry
  EXPECT_EQ(count(Stage::durable), 0U);
  laps_.durable({7}, at(120));
  laps_.durable({9}, at(130));
  commit(1, 140);
  laps_.applied({6}, at(150), at(151));
  EXPECT_EQ(count(Stage::applied), 0U);
  laps_.applied({7}, at(160), at(165));
  EXPECT_TRUE(laps_.empty());
  for (const Stage stage :
       {Stage::queued, Stage::durable, Stage::committed, Stage::applied, Stage::whole})
    EXPECT_EQ(count(stage), 1U) << word(stage);
  EXPECT_EQ(sum(Stage::queued), 10U);
  EXPECT_EQ(sum(Stage::durable), 10U);
  EXPECT_EQ(sum(Stage::committed), 30U);
  EXPECT_EQ(sum(Stage::applied), 20U);
  EXPECT_EQ(sum(Stage::whole), 65U);
}

TEST_F(LapsTest, a_quorum_may_have_it_before_our_own_disk) {
  give(1, 1, 1, 0);
  commit(1, 20);
  laps_.applied({1}, at(30), at(31));
  EXPECT_FALSE(laps_.empty());
  laps_.applied({1}, at(40), at(41));  // it was counted
  EXPECT_EQ(count(Stage::applied), 1U);
  laps_.durable({1}, at(50));
  EXPECT_EQ(sum(Stage::durable), 40U);
  EXPECT_TRUE(laps_.empty());
}

TEST_F(LapsTest, what_is_refused_or_overruled_is_not_waited_for) {
  laps_.given({1}, 1, at(0), at(1));
  laps_.refused({1});
  EXPECT_TRUE(laps_.empty());
  give(2, 1, 1, 0);
  give(3, 2, 1, 0);
  laps_.decided({{2}, raft::Outcome::overruled}, at(5));
  laps_.decided({{3}, raft::Outcome::unknown}, at(5));
  EXPECT_TRUE(laps_.empty());
  EXPECT_EQ(count(Stage::committed), 0U);
  EXPECT_EQ(count(Stage::queued), 3U);
}

TEST_F(LapsTest, many_on_their_way_are_told_apart) {
  constexpr std::uint64_t batches = 500;
  for (std::uint64_t i = 1; i <= batches; ++i) {
    give(i, i, 1, static_cast<std::int64_t>(i));
    if (i <= 50) continue;
    const std::uint64_t old = i - 50;
    laps_.durable({old}, at(static_cast<std::int64_t>(i)));
    commit(old, static_cast<std::int64_t>(i));
    laps_.applied({old}, at(static_cast<std::int64_t>(i)), at(static_cast<std::int64_t>(i)));
  }
  EXPECT_EQ(count(Stage::whole), batches - 50);
  EXPECT_EQ(sum(Stage::whole), 50 * (batches - 50));
  laps_.end();
  EXPECT_TRUE(laps_.empty());
}

// A leader that was removed stops, and refuses reads from then on. Those have no lap.
TEST_F(LapsTest, after_the_end_a_read_may_be_refused) {
  for (std::uint64_t i = 1; i <= 5; ++i) give(i, i, 1, 0);
  laps_.durable({3}, at(1));
  for (std::uint64_t i = 1; i <= 3; ++i) commit(i, 1);
  laps_.applied({3}, at(1), at(1));
  laps_.end();
  laps_.refused({6});
  EXPECT_TRUE(laps_.empty());
}

}  // namespace
}  // namespace bowline::host

// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>

#include <gtest/gtest.h>

#include "bowline/sim/many_groups_rig.h"

// Snapshots that are made because of what the newest lacks is old.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct SnapshotAge : testing::Test {
  void SetUp() override {
    rig.group_options().snapshot_every = 30s;
    rig.group_options().snapshot_entries = 10;
    rig.start(GroupId{1});
    ASSERT_TRUE(rig.run_until([this] { return rig.writes(GroupId{1}); }, 30s));
  }
  std::uint64_t taken(std::uint64_t id = 1) {
    return rig.shard({id}).meters().counters.snapshots_taken;
  }
  bool is_taken(std::uint64_t count, Duration within) {
    return rig.run_until([&] { return taken() == count; }, within);
  }
  ManyGroupsRig rig;
};

TEST_F(SnapshotAge,
       what_was_applied_is_in_a_snapshot_after_that_time_and_a_group_at_rest_makes_none) {
  rig.run(25s);
  ASSERT_TRUE(rig.writes(GroupId{1}));  // of which the age does not count
  EXPECT_EQ(taken(), 0U);
  rig.run(7s);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    EXPECT_EQ(taken(id), 1U);
    EXPECT_EQ(rig.replica({id}, GroupId{1})->snapshot(), rig.replica({id}, GroupId{1})->applied());
  }
  rig.run(300s);
  EXPECT_EQ(taken(), 1U);
  ASSERT_TRUE(rig.writes(GroupId{1}));
  rig.run(28s);
  EXPECT_EQ(taken(), 1U);
  rig.run(4s);
  EXPECT_EQ(taken(), 2U);
}

TEST_F(SnapshotAge, one_that_was_made_for_another_reason_begins_the_time_anew) {
  rig.run(20s);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(rig.writes(GroupId{1}));
  rig.run(1s);
  EXPECT_EQ(taken(), 1U);
  ASSERT_TRUE(rig.writes(GroupId{1}));
  rig.run(28s);  // past the time of the first write
  EXPECT_EQ(taken(), 1U);
  EXPECT_TRUE(is_taken(2, 4s));
}

TEST_F(SnapshotAge, the_time_is_changed_while_the_group_runs) {
  rig.run(5s);
  host::GroupOptions sooner = rig.group_options();
  sooner.snapshot_every = 2s;
  rig.replica({1}, GroupId{1})->tune(sooner);
  EXPECT_TRUE(is_taken(1, 3s));
  host::GroupOptions never_so = rig.group_options();
  never_so.snapshot_every = Duration{0};
  ASSERT_TRUE(rig.writes(GroupId{1}));
  rig.replica({1}, GroupId{1})->tune(never_so);
  rig.run(120s);
  EXPECT_EQ(taken(), 1U);
  EXPECT_EQ(taken(2), 1U);  // that time goes on at the others
  never_so.snapshot_every = -1s;
  EXPECT_EQ(never_so.fault(), "snapshot_every must not be negative");
}

TEST_F(SnapshotAge, whoever_changes_other_options_does_not_begin_the_time_anew) {
  for (int i = 0; i < 7; ++i) {
    rig.run(5s);
    rig.replica({1}, GroupId{1})->tune(rig.group_options());
  }
  EXPECT_EQ(taken(), 1U);
}

}  // namespace
}  // namespace bowline::sim

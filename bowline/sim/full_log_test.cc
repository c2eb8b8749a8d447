// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <optional>

#include <gtest/gtest.h>

#include "bowline/sim/many_groups_rig.h"

// What a group lets go of when its log has no room.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

// Its snapshot is ahead of what its core knows to be committed: it was started anew, and has heard
// of nobody. Seeds 737 and 858 of the world of nodes let go of it all the same.
TEST(FullLog, keeps_what_is_not_known_to_be_committed) {
  constexpr GroupId group{1};
  constexpr NodeId here{3};
  ManyGroupsRig rig;
  rig.group_options().keep_entries = 1000;
  rig.start(group);
  ASSERT_TRUE(rig.run_until([&] { return rig.writes(group); }, 20s));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(rig.writes(group));
  rig.run(1s);
  std::optional<Result<raft::Base>> taken;
  rig.replica(here, group)->take_snapshot([&](const Result<raft::Base>& one) { taken = one; });
  ASSERT_TRUE(rig.run_until([&] { return taken.has_value(); }, 5s));
  ASSERT_TRUE(taken->has_value());
  const Index covered = (*taken)->id.index;
  rig.kill(here);
  for (const NodeId other : {NodeId{1}, NodeId{2}}) rig.cut(here, other);
  rig.boot(here);
  rig.start(here, group);
  ASSERT_TRUE(rig.run_until([&] { return rig.replica(here, group) != nullptr; }, 5s));

  host::Replica& replica = *rig.replica(here, group);
  const raft::Core& core = replica.core();
  ASSERT_LT(core.commit(), covered);
  replica.press(true, false);
  EXPECT_EQ(core.outline().base().index, Index{});
  for (const NodeId other : {NodeId{1}, NodeId{2}}) rig.heal(here, other);
  EXPECT_TRUE(rig.run_until([&] { return core.outline().base().index == covered; }, 20s));
  EXPECT_GE(core.commit(), covered);
}

}  // namespace
}  // namespace bowline::sim

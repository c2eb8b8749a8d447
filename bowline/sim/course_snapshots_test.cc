// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "bowline/sim/course_seeds.h"

namespace bowline::sim {
namespace {

constexpr std::uint64_t every = 10;  // entries, then a snapshot

enum class Absence { none, disconnected, crashed };

void expect_short_log(CourseGroup& group, const std::string& test) {
  expect_at_most(test + " state of raft beside the snapshot",
                 static_cast<double>(group.most_persisted_bytes()), 1000, "bytes");
}

void leave(CourseGroup& group, NodeId id, Absence absence) {
  if (absence == Absence::disconnected) group.disconnect(id);
  if (absence == Absence::crashed) group.crash(id);
  if (absence != Absence::none) group.one(2);
}

void come_back(CourseGroup& group, NodeId id, Absence absence) {
  if (absence == Absence::disconnected) group.connect(id);
  if (absence == Absence::crashed) group.start(id);
  if (absence != Absence::none) group.one(3);
}

void snapshots(CourseGroup& group, Absence absence, const std::string& test) {
  group.one(3);
  NodeId leader = group.check_one_leader();
  for (int round = 0; round < 30; ++round) {
    NodeId victim = group.nth_after(leader, 1);
    NodeId sender = leader;
    if (round % 3 == 1) std::swap(victim, sender);
    leave(group, victim, absence);
    const std::uint64_t count = every / 2 + group.chance().below(every);
    for (std::uint64_t i = 0; i < count; ++i) group.propose(sender, group.fresh());
    group.one(absence == Absence::none ? 3 : 2);
    expect_short_log(group, test);
    come_back(group, victim, absence);
    if (absence != Absence::none) leader = group.check_one_leader();
  }
  if (absence != Absence::none) {
    EXPECT_GT(group.world().counters().snapshots_fetched, 0U) << "nobody needed a snapshot";
  }
}

TEST(Course, M22_snapshot_basic) {
  with_seeds({.nodes = 3, .snapshots = true},
             [](CourseGroup& group) { snapshots(group, Absence::none, "M22"); });
}
TEST(Course, M23_snapshot_install) {
  with_seeds({.nodes = 3, .snapshots = true},
             [](CourseGroup& group) { snapshots(group, Absence::disconnected, "M23"); });
}
TEST(Course, M24_snapshot_install_unreliable) {
  with_seeds({.nodes = 3, .unreliable = true, .snapshots = true},
             [](CourseGroup& group) { snapshots(group, Absence::disconnected, "M24"); });
}
TEST(Course, M25_snapshot_install_crash) {
  with_seeds({.nodes = 3, .snapshots = true},
             [](CourseGroup& group) { snapshots(group, Absence::crashed, "M25"); });
}
TEST(Course, M26_snapshot_install_unreliable_crash) {
  with_seeds({.nodes = 3, .unreliable = true, .snapshots = true},
             [](CourseGroup& group) { snapshots(group, Absence::crashed, "M26"); });
}

void crash_and_start_all(CourseGroup& group) {
  for (const NodeId id : group.everybody()) group.crash(id);
  for (const NodeId id : group.everybody()) group.start(id);
}

void snapshot_all_crash(CourseGroup& group) {
  group.one(3);
  for (int round = 0; round < 5; ++round) {
    const std::uint64_t count = every / 2 + group.chance().below(every);
    for (std::uint64_t i = 0; i < count; ++i) group.one(3);
    const Index before = group.one(3);
    crash_and_start_all(group);
    EXPECT_GT(group.one(3), before) << "the index went back";
  }
}

TEST(Course, M27_snapshot_all_crash) {
  with_seeds({.nodes = 3, .unreliable = true, .snapshots = true}, snapshot_all_crash);
}

void expect_snapshots(CourseGroup& group) {
  for (const NodeId id : group.everybody()) {
    const Site& site = group.world().node(id).site;
    EXPECT_GE(site.snapshot.base.id.index, Index{every}) << "node " << id.value;
    EXPECT_GE(site.machine.applied.index, site.snapshot.base.id.index);
  }
}

void snapshot_init(CourseGroup& group) {
  for (std::uint64_t i = 0; i < every + 2; ++i) group.one(3);
  crash_and_start_all(group);
  expect_snapshots(group);
  group.one(3);
  crash_and_start_all(group);
  expect_snapshots(group);
  group.one(3);
}

TEST(Course, M28_snapshot_init) { with_seeds({.nodes = 3, .snapshots = true}, snapshot_init); }

}  // namespace
}  // namespace bowline::sim

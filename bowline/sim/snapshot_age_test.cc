// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "bowline/machine/state_machine.h"
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
  host::GroupOptions without_kept() {
    host::GroupOptions options = rig.group_options();
    options.keep_entries = 0;
    return options;
  }
  NodeId leader() { return rig.leader(GroupId{1}); }
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
  EXPECT_EQ(never_so.fault(), "snapshot_every must be 0 or at least 1 ms");
}

TEST_F(SnapshotAge, whoever_changes_other_options_does_not_begin_the_time_anew) {
  for (int i = 0; i < 7; ++i) {
    rig.run(5s);
    rig.replica({1}, GroupId{1})->tune(rig.group_options());
  }
  EXPECT_EQ(taken(), 1U);
}

// What it lacked is in there.
TEST_F(SnapshotAge, one_that_comes_from_another_node_begins_the_time_anew) {
  NodeId late;
  for (std::uint64_t id = 1; id <= 3; ++id)
    if (rig.replica({id}, GroupId{1})->core().role() != raft::Role::leader) late = {id};
  for (std::uint64_t id = 1; id <= 3; ++id) rig.replica({id}, GroupId{1})->tune(without_kept());
  rig.run(10s);
  for (std::uint64_t id = 1; id <= 3; ++id)
    if (late != NodeId{id}) rig.cut(late, {id});
  for (int i = 0; i < 11; ++i) ASSERT_TRUE(rig.writes(GroupId{1}));
  rig.run(5s);
  for (std::uint64_t id = 1; id <= 3; ++id)
    if (late != NodeId{id}) rig.heal(late, {id});
  const auto& counters = rig.shard(late).meters().counters;
  ASSERT_TRUE(rig.run_until([&] { return counters.snapshots_installed == 1; }, 10s));
  ASSERT_TRUE(rig.run_until([&] { return bool(leader()); }, 10s));
  ASSERT_TRUE(rig.writes(GroupId{1}));
  rig.run(28s);  // past the time of what it had applied by itself
  EXPECT_EQ(taken(late.value), 0U);
  rig.run(4s);
  EXPECT_EQ(taken(late.value), 1U);
}

// Keeps its state by itself, from process to process.
class Lasting final : public machine::StateMachine, public machine::Durable {
 public:
  void apply(std::span<const machine::Command> commands, std::span<std::string> answers) override {
    notebook_.apply(commands, answers);
  }
  std::unique_ptr<machine::Reader> snapshot() override { return notebook_.snapshot(); }
  std::unique_ptr<machine::Writer> restore() override { return notebook_.restore(); }
  machine::Durable* durable() override { return this; }
  std::string marked() override { return mark_; }
  void mark(std::string_view mark) override { mark_ = mark; }

 private:
  Machine seen_;
  Notebook notebook_{seen_, 0, [](LogId, std::string_view) {}};
  std::string mark_;
};

// Node 3 follows, with such a machine, and starts again before there is a snapshot.
struct LastingAge : testing::Test {
  void SetUp() override {
    rig.group_options().snapshot_every = 30s;
    for (std::uint64_t id = 1; id <= 2; ++id) rig.start({id}, group);
    ASSERT_TRUE(rig.run_until([this] { return rig.writes(group); }, 30s));
    come();
    rig.run(5s);  // it is met, which is an entry, too
    ASSERT_EQ(here().applied(), there().applied());
    applied = here().applied();
    rig.kill(late);
    rig.boot(late);
  }
  void come() {
    const raft::MembershipPtr founders = there().core().memberships().latest().membership;
    bool came = false;
    rig.shard(late).start(group, {rig.group_options(), founders}, machine,
                          [&](const Result<host::Replica*>& started) { came = bool(started); });
    ASSERT_TRUE(rig.run_until([&] { return came; }, 1s));
  }
  host::Replica& here() { return *rig.replica(late, group); }
  host::Replica& there() { return *rig.replica({1}, group); }
  std::uint64_t taken() { return rig.shard(late).meters().counters.snapshots_taken; }

  static constexpr GroupId group{1};
  static constexpr NodeId late{3};
  ManyGroupsRig rig;
  Lasting machine;
  LogId applied;
};

// Nothing is applied after that, which else would begin the time.
TEST_F(LastingAge, of_what_a_machine_kept_the_age_counts_from_the_start_of_its_node) {
  come();
  rig.run(29s);
  EXPECT_EQ(taken(), 0U);
  rig.run(2s);
  EXPECT_EQ(taken(), 1U);
  EXPECT_EQ(here().applied(), applied);
  EXPECT_EQ(here().snapshot(), applied);
}

// When the time is over it has not heard yet that what it has is committed.
TEST_F(LastingAge, a_snapshot_that_is_due_while_nobody_is_heard_is_made_later) {
  for (std::uint64_t id = 1; id <= 2; ++id) rig.cut(late, {id});
  come();
  rig.run(40s);
  EXPECT_EQ(taken(), 0U);
  for (std::uint64_t id = 1; id <= 2; ++id) rig.heal(late, {id});
  EXPECT_TRUE(rig.run_until([this] { return taken() == 1; }, 31s));
  EXPECT_EQ(here().applied(), applied);
}

}  // namespace
}  // namespace bowline::sim

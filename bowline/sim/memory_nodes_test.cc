// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/host/stores.h"
#include "bowline/sim/many_groups_rig.h"
#include "bowline/wal/memory_log.h"

// Whole nodes whose logs and snapshots are in memory.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct MemoryNodes : testing::Test {
  MemoryNodes() {
    rig.group_options().snapshot_entries = 10;
    rig.group_options().keep_entries = 2;
    rig.start(GroupId{1});
  }
  NodeId leader() {
    rig.run_until([&] { return bool(rig.leader(GroupId{1})); }, 20s);
    return rig.leader(GroupId{1});
  }
  bool write(std::uint64_t count = 1) {
    for (; count > 0; --count)
      if (!leader() || !rig.writes(GroupId{1})) return false;
    return true;
  }
  bool wants(const std::vector<std::uint64_t>& ids) {
    std::vector<raft::Wanted> members;
    members.reserve(ids.size());
    for (const std::uint64_t id : ids)
      members.push_back({.id = {id}, .address = SimulatedNetwork::address_of({id})});
    std::optional<host::Outcome> outcome;
    rig.replica(leader(), GroupId{1})->reconfigure(members, {}, [&](host::Outcome said) {
      outcome = std::move(said);
    });
    rig.run_until([&] { return outcome.has_value(); }, 20s);
    return outcome && std::holds_alternative<host::Applied>(*outcome);
  }
  LogId applied(NodeId id) { return rig.replica(id, GroupId{1})->applied(); }
  // Those that run have applied the same.
  bool all_agree() {
    return rig.run_until(
        [&] {
          const LogId most = applied(leader());
          for (std::uint64_t id = 1; id <= 3; ++id)
            if (rig.runs({id}) && applied({id}) != most) return false;
          return true;
        },
        20s);
  }
  static constexpr std::uint64_t most_log_bytes = 8000;
  static host::Stores little_memory() {
    host::Stores stores = host::memory_stores();
    stores.log = [](wal::LogStore::Setting setting) {
      return std::make_unique<wal::MemoryLog>(
          std::move(setting), wal::MemoryLog::Options{.most_bytes = most_log_bytes});
    };
    return stores;
  }
  ManyGroupsRig rig{Duration{0}, host::Admit::nobody, little_memory()};
};

TEST_F(MemoryNodes, they_write_and_make_snapshots_and_no_disk_is_asked) {
  ASSERT_TRUE(write(55));
  ASSERT_TRUE(all_agree());
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const host::Shard& shard = rig.shard({id});
    EXPECT_GE(shard.meters().counters.snapshots_taken, 4U);
    EXPECT_GT(rig.replica({id}, GroupId{1})->core().outline().base().index, Index{30});
    EXPECT_EQ(shard.log().on_disk(), nullptr);
    EXPECT_LT(shard.log().bytes(), 1000U);  // what snapshots cover is gone
    EXPECT_TRUE(rig.files({id}).empty());
  }
}

TEST_F(MemoryNodes, of_a_group_that_was_destroyed_nothing_is_left_and_it_may_be_founded_anew) {
  ASSERT_TRUE(write(30));
  ASSERT_TRUE(all_agree());
  for (std::uint64_t id = 1; id <= 3; ++id) {
    ASSERT_TRUE(rig.is_destroyed(rig.destroy({id}, GroupId{1})));
    EXPECT_EQ(rig.shard({id}).log().bytes(), 0U);
    EXPECT_TRUE(rig.shard({id}).snapshots().groups().empty());
    EXPECT_FALSE(rig.has_machine({id}, GroupId{1}));
  }
  rig.start(GroupId{1});
  ASSERT_TRUE(write(5));
  ASSERT_TRUE(all_agree());
  EXPECT_LT(applied(leader()).index, Index{12});
}

TEST_F(MemoryNodes, a_barrier_is_over_when_all_before_it_is_applied) {
  ASSERT_TRUE(write() && all_agree());
  host::Replica& first = *rig.replica(leader(), GroupId{1});
  const Index at = first.core().outline().last().index.next();  // its entry
  std::optional<Index> applied;
  first.barrier([&](const host::Outcome& told) {
    EXPECT_TRUE(std::holds_alternative<host::Applied>(told));
    applied = first.applied().index;
  });
  ASSERT_TRUE(rig.run_until([&] { return applied.has_value(); }, 20s));
  EXPECT_GE(*applied, at);
}

// There is no room but what snapshots make: one is made when it is needed, and nothing stops.
TEST_F(MemoryNodes, a_log_that_is_full_makes_room_by_itself) {
  ASSERT_TRUE(write() && all_agree());
  host::GroupOptions of = rig.group_options();
  of.snapshot_entries = of.snapshot_bytes = 0;  // none without need
  of.keep_entries = 1'000'000;
  for (std::uint64_t id = 1; id <= 3; ++id) rig.replica({id}, GroupId{1})->tune(of);
  std::uint64_t written = 0;
  for (int i = 0; i < 1000 && written < 500; ++i) {
    if (write()) {
      ++written;
    } else {
      rig.run(10ms);  // leadership is handed over
    }
  }
  EXPECT_EQ(written, 500U);
  ASSERT_TRUE(all_agree());
  for (std::uint64_t id = 1; id <= 3; ++id) {
    EXPECT_GE(rig.shard({id}).meters().counters.snapshots_taken, 1U) << "of node " << id;
    EXPECT_LT(rig.shard({id}).log().bytes(), most_log_bytes + 1000);
  }
}

// It ends while its snapshot is under way, which asks its machine a piece at a time.
TEST_F(MemoryNodes, a_group_that_ends_leaves_nobody_at_work_on_its_machine) {
  ASSERT_TRUE(write(5));
  ASSERT_TRUE(all_agree());
  bool told = false;
  rig.replica({1}, GroupId{1})->take_snapshot([&](const Result<raft::Base>& taken) {
    told = !taken;
  });
  EXPECT_EQ(rig.shard({1}).snapshots().busy().size(), 1U);
  rig.end({1}, GroupId{1});
  EXPECT_TRUE(told);
  EXPECT_TRUE(rig.shard({1}).snapshots().busy().empty());
  rig.run(1s);
  EXPECT_FALSE(rig.has_machine({1}, GroupId{1}));
  EXPECT_EQ(rig.shard({1}).snapshots().newest(GroupId{1}), nullptr);
}

// Two of three must not decide if one of them has forgotten what it once said.
TEST_F(MemoryNodes, a_node_that_forgot_counts_for_nothing_until_it_is_taken_in_anew) {
  ASSERT_TRUE(write(30));
  const NodeId lost{leader().value % 3 + 1};
  rig.kill(lost);
  ASSERT_TRUE(write(5));
  rig.boot(lost);
  rig.start(lost, GroupId{1});
  ASSERT_TRUE(write(5));
  const NodeId first = leader();
  ASSERT_NE(first, lost);
  const NodeId second{6 - first.value - lost.value};
  rig.pause(second, true);
  rig.run(10s);
  EXPECT_FALSE(rig.writes(GroupId{1}));
  EXPECT_EQ(applied(lost), LogId{});
  rig.pause(second, false);
  ASSERT_TRUE(write());
  ASSERT_TRUE(wants({first.value, second.value}));
  ASSERT_TRUE(wants({1, 2, 3}));
  ASSERT_TRUE(write());
  ASSERT_TRUE(all_agree());
  EXPECT_GE(rig.shard(lost).meters().counters.snapshots_installed, 1U);  // of memory, into memory
  rig.kill(second);
  EXPECT_TRUE(write(5));
}

}  // namespace
}  // namespace bowline::sim

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

// Whole nodes of which one store is of their own, and the other is files; and what they have of
// that when they start again.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct MixedStores : testing::Test {
  explicit MixedStores(host::Stores stores)
      : rig(Duration{0}, host::Admit::nobody, std::move(stores)) {
    rig.group_options().snapshot_entries = 10;
    rig.group_options().keep_entries = 2;
    rig.start(GroupId{1});
  }
  NodeId leader() { return rig.leader(GroupId{1}); }
  bool is_led() {
    return rig.run_until([this] { return bool(leader()); }, 20s);
  }
  void write(int count) {
    for (; count > 0; --count) ASSERT_TRUE(is_led() && rig.writes(GroupId{1}));
  }
  host::Replica& replica(NodeId id) { return *rig.replica(id, GroupId{1}); }
  Index applied(NodeId id) { return replica(id).applied().index; }
  bool all_have(Index index) {
    const auto has = [&](std::uint64_t id) { return applied({id}) >= index; };
    return rig.run_until([&] { return has(1) && has(2) && has(3); }, 20s);
  }
  // All that was written is applied everywhere.
  Index settle() {
    const Index last = replica(leader()).core().outline().last().index;
    EXPECT_TRUE(all_have(last));
    return last;
  }
  bool wants(const std::vector<NodeId>& ids) {
    std::vector<raft::Wanted> members;
    members.reserve(ids.size());
    for (const NodeId id : ids)
      members.push_back({.id = id, .address = SimulatedNetwork::address_of(id)});
    return is_led() && is_applied([&](host::Reply reply) {
             replica(leader()).reconfigure(members, {}, std::move(reply));
           });
  }
  template <class Ask>
  bool is_applied(Ask ask) {
    const auto said = std::make_shared<std::optional<host::Outcome>>();
    ask([said](host::Outcome outcome) { *said = std::move(outcome); });
    rig.run_until([&] { return said->has_value(); }, 20s);
    return *said && std::holds_alternative<host::Applied>(**said);
  }
  void start_again(NodeId id, bool by_power = false) {
    by_power ? rig.lose_power(id) : rig.kill(id);
    rig.boot(id);
    rig.start(id, GroupId{1});
  }
  ManyGroupsRig rig;
};

// ---- the log goes with the process, and snapshots stay

struct KeptSnapshots : MixedStores {
  KeptSnapshots() : MixedStores({.log = host::memory_stores().log, .snapshots = {}}) {}
};

TEST_F(KeptSnapshots, who_has_its_snapshot_only_begins_there_and_counts_for_nothing) {
  write(35);
  const NodeId lost{leader().value % 3 + 1};
  settle();
  const Index snapshot = replica(lost).snapshot().index;
  ASSERT_GT(snapshot, Index{20});
  rig.kill(lost);
  write(5);
  rig.boot(lost);
  rig.start(lost, GroupId{1});
  ASSERT_TRUE(rig.run_until([&] { return rig.replica(lost, GroupId{1}) != nullptr; }, 1s));
  EXPECT_EQ(applied(lost), snapshot);
  EXPECT_FALSE(replica(lost).is_stateless());
  write(5);
  const NodeId first = leader();
  ASSERT_NE(first, lost);
  const NodeId second{6 - first.value - lost.value};
  rig.pause(second, true);
  rig.run(10s);
  EXPECT_FALSE(rig.writes(GroupId{1}));
  EXPECT_EQ(applied(lost), snapshot);
  rig.pause(second, false);
  write(1);
  ASSERT_TRUE(wants({first, second}));
  ASSERT_TRUE(wants({first, second, lost}));
  write(1);
  settle();
  rig.kill(second);
  write(5);
}

// Founders are named, as in the first life. What was acknowledged behind the snapshots is nowhere:
// so nobody goes on as if it had not been.
TEST_F(KeptSnapshots, where_all_logs_are_gone_nobody_leads_before_somebody_says_that_they_are) {
  write(35);
  settle();
  for (std::uint64_t id = 1; id <= 3; ++id) rig.kill({id});
  for (std::uint64_t id = 1; id <= 3; ++id) rig.boot({id});
  rig.start(GroupId{1});
  rig.run(30s);
  NodeId best{1};
  for (std::uint64_t id = 1; id <= 3; ++id) {
    EXPECT_GT(applied({id}), Index{20});
    EXPECT_NE(replica({id}).core().role(), raft::Role::leader);
    EXPECT_EQ(replica({id}).core().why_not_leading().why, raft::Hindrance::not_member);
    if (applied({id}) > applied(best)) best = {id};
  }
  const Index had = applied(best);
  ASSERT_TRUE(is_applied(
      [&](host::Reply reply) { replica(best).recover(ClusterId{99}, std::move(reply)); }));
  write(3);
  EXPECT_EQ(leader(), best);
  EXPECT_GT(applied(best), had.next().next());
}

// ---- a log of one's own stays, and so do snapshots in files

// Says of itself no more than it must.
class OwnFiles final : public wal::LogStore {
 public:
  explicit OwnFiles(Setting setting)
      : inner_(setting.env, Running::log_options(64 << 10), setting.owner, setting.fresh,
               std::move(setting.hooks)) {}
  void open(env::Done<Result<wal::Opened>> done) override { inner_.open(std::move(done)); }
  void submit(GroupId group, raft::Persist&& what) override {
    inner_.submit(group, std::move(what));
  }
  void forget(GroupId group) override { inner_.forget(group); }
  void flush() override { inner_.flush(); }
  raft::Batch peek(GroupId group, Index after, Index through, std::uint64_t bytes) const override {
    return inner_.peek(group, after, through, bytes);
  }
  void fetch(GroupId group, Index after, Index through, std::uint64_t bytes,
             env::Done<Result<raft::Batch>> done) override {
    inner_.fetch(group, after, through, bytes, std::move(done));
  }
  std::uint64_t most_payload_bytes() const override { return inner_.most_payload_bytes(); }
  bool idle() const override { return inner_.idle(); }
  std::uint64_t bytes() const override { return inner_.bytes(); }

 private:
  wal::Log inner_;
};

struct OwnStores : MixedStores {
  explicit OwnStores(host::Stores stores) : MixedStores(std::move(stores)) {}
  // One by one, and all at once.
  void survive() {
    for (std::uint64_t id = 1; id <= 3; ++id) {
      write(15);
      start_again({id}, id == 3);
    }
    write(15);
    const Index last = settle();
    for (std::uint64_t id = 1; id <= 3; ++id) rig.lose_power({id});
    for (std::uint64_t id = 1; id <= 3; ++id) rig.boot({id});
    rig.start(GroupId{1});
    ASSERT_TRUE(rig.run_until([this] { return rig.replica({3}, GroupId{1}) != nullptr; }, 1s));
    for (std::uint64_t id = 1; id <= 3; ++id)
      EXPECT_GT(replica({id}).core().outline().base().index, Index{20});
    ASSERT_TRUE(all_have(last));
    write(3);
    settle();
  }
};

struct OwnLogBesideFiles : OwnStores {
  OwnLogBesideFiles()
      : OwnStores({.log =
                       [](wal::LogStore::Setting setting) {
                         return std::make_unique<OwnFiles>(std::move(setting));
                       },
                   .snapshots = {}}) {}
};
TEST_F(OwnLogBesideFiles, loses_nothing_over_a_restart) { survive(); }

struct OwnSnapshotsBesideFiles : OwnStores {
  OwnSnapshotsBesideFiles()
      : OwnStores({.log = {}, .snapshots = [](env::Env env) {
                     return std::make_unique<host::Snapshots>(env, host::Snapshots::Options{});
                   }}) {}
};
TEST_F(OwnSnapshotsBesideFiles, lose_nothing_over_a_restart) { survive(); }

}  // namespace
}  // namespace bowline::sim

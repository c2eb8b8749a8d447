// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/host/stores.h"
#include "bowline/sim/many_groups_rig.h"
#include "bowline/wal/memory_log.h"

// Whole nodes on a log that does no more than it promises.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

// Keeps nothing at hand: all has to be fetched. Its disk can be made to wait, or to rot.
class PlainLog final : public wal::LogStore {
 public:
  explicit PlainLog(Setting setting)
      : env_(setting.env),
        told_(std::move(setting.hooks.persisted)),
        inner_(hearing(std::move(setting))) {}
  void open(env::Done<Result<wal::Opened>> done) override { inner_.open(std::move(done)); }
  void submit(GroupId group, raft::Persist&& what) override {
    for (const raft::Entry& entry : what.repaired) rotten.erase(entry.id.index);
    inner_.submit(group, std::move(what));
  }
  void forget(GroupId group) override { inner_.forget(group); }
  void flush() override {
    if (!waits) inner_.flush();
  }
  raft::Batch peek(GroupId, Index, Index, std::uint64_t) const override { return {}; }
  void fetch(GroupId group, Index after, Index through, std::uint64_t bytes,
             env::Done<Result<raft::Batch>> done) override {
    if (!rotten.contains(after.next()))
      return inner_.fetch(group, after, through, bytes, std::move(done));
    env_.loop.soon([done = std::move(done)]() mutable {
      done(std::unexpected(Error{Fault::corrupt, "it rotted"}));
    });
  }
  std::uint64_t most_payload_bytes() const override { return inner_.most_payload_bytes(); }
  bool outlives_the_process() const override { return false; }
  bool idle() const override { return inner_.idle(); }
  std::uint64_t bytes() const override { return inner_.bytes(); }

  // The next that it has to say of its writes.
  void tell() {
    const auto [group, seq] = untold.front();
    untold.pop_front();
    told_(group, seq);
  }

  bool waits = false;
  std::set<Index> rotten;
  GroupId slow;                                // of whose writes nothing is said till tell() ...
  std::deque<std::pair<GroupId, Seq>> untold;  // ... but these are durable

 private:
  Setting hearing(Setting setting) {
    setting.hooks.persisted = [this](GroupId group, Seq seq) {
      if (group != slow) return told_(group, seq);
      untold.emplace_back(group, seq);
    };
    return setting;
  }

  env::Env env_;
  std::move_only_function<void(GroupId, Seq)> told_;
  wal::MemoryLog inner_;
};

struct OwnLog : testing::Test {
  OwnLog() {
    rig.start(GroupId{1});
    rig.run_until([this] { return bool(leader()); }, 20s);
  }
  NodeId leader() { return rig.leader(GroupId{1}); }
  // One after the other is made: of node 1 first.
  PlainLog& log(NodeId id) { return *logs.at(id.value - 1); }
  host::Stores stores() {
    host::Stores all = host::memory_stores();
    all.log = [this](wal::LogStore::Setting setting) {
      auto made = std::make_unique<PlainLog>(std::move(setting));
      logs.push_back(made.get());
      return made;
    };
    return all;
  }
  std::vector<PlainLog*> logs;
  ManyGroupsRig rig{Duration{0}, host::Admit::nobody, stores()};
};

// It is committed by the others before it is durable here, and nothing of it can be read till then.
TEST_F(OwnLog, what_is_committed_and_not_yet_durable_here_is_applied_when_it_is) {
  const NodeId slow{leader().value % 3 + 1};
  host::Replica& replica = *rig.replica(slow, GroupId{1});
  ASSERT_TRUE(rig.writes(GroupId{1}));
  ASSERT_TRUE(rig.run_until(
      [&] { return log(slow).idle() && replica.applied() == replica.core().outline().last(); },
      2s));
  const Index before = replica.applied().index;
  log(slow).waits = true;
  ASSERT_TRUE(rig.writes(GroupId{1}));
  ASSERT_TRUE(rig.run_until([&] { return replica.core().commit() > before; }, 500ms));
  rig.run(200ms);
  EXPECT_EQ(replica.applied().index, before);
  log(slow).waits = false;
  log(slow).flush();
  EXPECT_TRUE(rig.run_until([&] { return replica.applied().index > before; }, 500ms));
}

TEST_F(OwnLog, what_a_reader_of_the_log_finds_rotten_is_fetched_from_the_others) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(rig.writes(GroupId{1}));
  const NodeId here = leader();
  rig.run(1s);  // all of them have it, and nobody but us will read it
  const Index at = rig.replica(here, GroupId{1})->applied().index;
  log(here).rotten.insert(at);
  const auto read = [&] {
    std::optional<Result<host::LogPart>> found;
    rig.replica(here, GroupId{1})->read_log(at, 1, [&](Result<host::LogPart> part) {
      found = std::move(part);
    });
    rig.run_until([&] { return found.has_value(); }, 1s);
    return *std::move(found);
  };
  const Result<host::LogPart> bad = read();
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().fault, Fault::corrupt);
  EXPECT_TRUE(rig.run_until([&] { return log(here).rotten.empty(); }, 5s));
  const Result<host::LogPart> mended = read();
  ASSERT_TRUE(mended);
  EXPECT_EQ(mended->commands.size(), 1U);
  EXPECT_EQ(mended->next, at.next());
}

// The writes of one group are told in their order, and not more is promised: what was written
// before it was destroyed may be told after that.
TEST_F(OwnLog, what_is_told_late_of_a_group_that_was_destroyed_does_not_start_the_next_one) {
  ASSERT_TRUE(rig.writes(GroupId{1}));
  const NodeId here = leader();
  log(here).slow = GroupId{1};
  rig.replica(here, GroupId{1})->propose(Bytes::copy("x"), [](const host::Outcome&) {});
  rig.run(100ms);
  ASSERT_TRUE(rig.is_destroyed(rig.destroy(here, GroupId{1})));
  std::optional<bool> started;
  rig.begin(here, GroupId{1},
            [&](const Result<host::Replica*>& replica) { started = replica.has_value(); });
  rig.run(100ms);
  ASSERT_GE(log(here).untold.size(), 2U);
  EXPECT_NE(log(here).untold.front().second, Seq{});
  EXPECT_EQ(log(here).untold.back().second, Seq{});  // where the next one begins
  while (log(here).untold.size() > 1) log(here).tell();
  rig.run(100ms);
  EXPECT_FALSE(started);
  log(here).slow = {};
  log(here).tell();
  rig.run(100ms);
  EXPECT_EQ(started, true);
}

// Timers of the same instant ring one after the other, also those of what the first one ended.
TEST_F(OwnLog, whoever_calls_a_group_that_has_just_ended_finds_nobody_who_works) {
  ASSERT_TRUE(rig.writes(GroupId{1}));
  const NodeId here = leader();
  host::Replica& replica = *rig.replica(here, GroupId{1});  // it goes in the next turn only
  rig.end(here, GroupId{1});
  std::optional<Fault> told;
  replica.take_snapshot([&](const Result<raft::Base>& taken) { told = taken.error().fault; });
  EXPECT_EQ(told, Fault::not_found);
  EXPECT_TRUE(rig.shard(here).snapshots().busy().empty());
  const LogId last = replica.core().outline().last();
  replica.input(raft::Propose{Ticket{1000}, {Bytes::copy("z")}, {}});
  EXPECT_EQ(replica.core().outline().last(), last);
  EXPECT_TRUE(log(here).idle());
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/host/link.h"
#include "bowline/host/snapshot_name.h"
#include "bowline/sim/many_groups_rig.h"
#include "bowline/wire/parcel.h"

// Groups that leave a node: they end, or nothing of them is left; and nodes that leave groups.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr GroupId one{1};
constexpr GroupId other{2};

// What a node says to somebody who says which one he is, and wants to fetch the state of a group.
struct Asking {
  Asking(ManyGroupsRig& rig, NodeId at, NodeId as, GroupId group) {
    wire::Hello hello;
    hello.self = as;
    hello.disk = {99};
    hello.boot = 1;
    hello.wanted = at;
    hello.purpose = wire::Purpose::snapshots;
    rig.desk().network.connect(
        SimulatedNetwork::address_of(at),
        [this, hello, group](Result<std::unique_ptr<env::Connection>> connection) {
          link =
              std::make_unique<host::Link>(std::move(*connection), hello, wire::most_parcel_bytes);
          ask(group);
        });
  }
  void ask(GroupId group) {
    link->begin({.agreed = [this, group] { link->send(frame_of(wire::WantSnapshot{group, {}})); },
                 .came =
                     [this](const wire::Frame& frame) {
                       const wire::Parcel parcel = *wire::parcel_in(frame);
                       const auto* const no = std::get_if<wire::NoSnapshot>(&parcel);
                       said = no == nullptr ? "here it is" : no->why;
                     },
                 .ended = [this](const std::string& why) { said = why; },
                 .drained = {}});
  }
  std::unique_ptr<host::Link> link;
  std::string said;
};

struct Leaving : testing::Test {
  Leaving() {
    rig.start(one);
    rig.start(other);
  }
  bool soon(const std::function<bool()>& holds) { return rig.run_until(holds, 20s); }
  bool writes(GroupId group) {
    return soon([&] { return leader(group) != 0; }) && rig.writes(group);
  }
  std::uint64_t leader(GroupId group) {
    for (std::uint64_t id = 1; id <= 3; ++id)
      if (const host::Replica* const replica = rig.replica({id}, group))
        if (replica->core().role() == raft::Role::leader) return id;
    return 0;
  }
  void write(GroupId group, int times) {
    for (int i = 0; i < times; ++i) ASSERT_TRUE(writes(group));
  }
  void take_snapshot(NodeId id, GroupId group) {
    std::optional<Result<raft::Base>> taken;
    rig.replica(id, group)->take_snapshot([&](Result<raft::Base> base) { taken = base; });
    ASSERT_TRUE(soon([&] { return taken.has_value(); }));
    ASSERT_TRUE(taken->has_value()) << taken->error().what;
  }
  std::int64_t snapshots(NodeId id) {
    return std::ranges::count_if(rig.files(id), [](const env::Listed& file) {
      const auto found = host::snapshot_file(file.name);
      return found && found->name.group == one;
    });
  }
  std::string answer(NodeId at, NodeId as) {
    const Asking asking(rig, at, as, one);
    soon([&] { return !asking.said.empty(); });
    return asking.said;
  }
  static std::vector<raft::Wanted> wanted(std::uint64_t members) {
    std::vector<raft::Wanted> all;
    for (std::uint64_t id = 1; id <= members; ++id)
      all.push_back({.id = {id}, .address = SimulatedNetwork::address_of({id})});
    return all;
  }
  void reboot(NodeId id) {
    rig.kill(id);
    rig.boot(id);
  }
  ManyGroupsRig rig;
};

TEST_F(Leaving, of_a_group_that_was_destroyed_nothing_is_left) {
  write(one, 20);
  write(other, 3);
  for (std::uint64_t id = 1; id <= 3; ++id) take_snapshot({id}, one);
  ASSERT_GT(snapshots({1}), 0);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    ASSERT_TRUE(rig.is_destroyed(rig.destroy({id}, one)));
    EXPECT_EQ(rig.replica({id}, one), nullptr);
    EXPECT_FALSE(rig.has_machine({id}, one));
    EXPECT_EQ(snapshots({id}), 0);
  }
  rig.start(one);  // at once, as another group of the same name
  write(one, 1);
  for (std::uint64_t id = 1; id <= 3; ++id)
    EXPECT_LT(rig.replica({id}, one)->core().outline().last().index.value, 10U);
  write(other, 1);
}

TEST_F(Leaving, what_was_destroyed_does_not_come_back_with_the_process) {
  write(one, 20);
  take_snapshot({1}, one);
  for (std::uint64_t id = 1; id <= 3; ++id) ASSERT_TRUE(rig.is_destroyed(rig.destroy({id}, one)));
  for (std::uint64_t id = 1; id <= 3; ++id) {
    reboot({id});
    rig.start({id}, one);
    rig.start({id}, other);
  }
  write(one, 1);
  write(other, 1);
  for (std::uint64_t id = 1; id <= 3; ++id)
    EXPECT_LT(rig.replica({id}, one)->core().outline().last().index.value, 10U);
}

// It has forgotten what it promised, and the others have not.
TEST_F(Leaving, a_member_that_was_destroyed_is_not_taken_for_the_one_that_it_was) {
  write(one, 5);
  ASSERT_TRUE(soon([&] { return rig.replica({3}, one)->core().commit().value > 5; }));
  ASSERT_TRUE(rig.is_destroyed(rig.destroy({3}, one)));
  for (const bool anew : {false, true}) {  // as long as its process lives, and in the next one
    if (anew) {
      reboot({3});
      rig.start({3}, other);
    }
    rig.start({3}, one);
    rig.run(5s);
    write(one, 3);
    EXPECT_EQ(rig.replica({3}, one)->core().commit(), Index{}) << anew;
    // So it is no part of a quorum.
    rig.kill({1});
    rig.run(10s);
    EXPECT_EQ(leader(one), 0U) << anew;
    write(other, 1);
    rig.boot({1});
    rig.start({1}, one);
    rig.start({1}, other);
  }
  write(one, 3);
}

// Of a group that is destroyed on node 3, whose power goes so long after that was asked for.
struct Dark : Leaving {
  Dark(Duration after, Loss loss) {
    write(one, 20);
    soon([&] { return rig.replica({3}, one)->applied().index.value > 20; });
    take_snapshot({3}, one);
    rig.climate({3}) = DiskClimate{};
    const ManyGroupsRig::Answer answer = rig.destroy({3}, one);
    rig.run(after);
    told = answer->has_value();
    rig.lose_power({3}, loss);
    rig.boot({3});
    had_snapshot = rig.shard({3}).snapshots().newest(one) != nullptr;
    rig.start({3}, one);
    rig.run(1s);
  }
  void TestBody() override {}
  bool told = false;
  bool had_snapshot = false;
};

// It is there as it was, or not at all.
TEST(LeavingInTheMidst, a_crash_while_a_group_is_destroyed_leaves_all_of_it_or_nothing) {
  std::uint64_t gone = 0, there = 0, told = 0;
  for (Duration after{0}; told < 10 && after < 20ms; after += 25us) {
    for (const Loss loss : {Loss::nothing, Loss::everything}) {
      Dark dark(after, loss);
      const host::Replica& replica = *dark.rig.replica({3}, one);
      const bool is_gone = replica.applied().index == Index{};
      told += dark.told;
      is_gone ? ++gone : ++there;
      EXPECT_EQ(dark.had_snapshot, !is_gone);
      if (is_gone) {
        EXPECT_EQ(replica.core().commit(), Index{});
        EXPECT_EQ(dark.snapshots({3}), 0);
      } else {
        EXPECT_FALSE(dark.told);
        EXPECT_EQ(replica.core().outline().base().index, Index{});  // its log is there, too
        EXPECT_GT(replica.applied().index.value, 20U);
      }
    }
  }
  EXPECT_EQ(told, 10U);
  EXPECT_GT(there, 1U);
  EXPECT_GT(gone, told);
}

TEST_F(Leaving, it_can_be_destroyed_whether_it_runs_or_not) {
  write(one, 5);
  reboot({3});
  ASSERT_TRUE(rig.is_destroyed(rig.destroy({3}, one)));  // was not started
  rig.start({3}, one);
  rig.start({3}, other);
  rig.run(10ms);
  rig.end({3}, one);
  ASSERT_TRUE(rig.is_destroyed(rig.destroy({3}, one)));  // has ended
  const auto first = rig.destroy({3}, one);
  const auto second = rig.destroy({3}, one);  // is gone, and being destroyed
  std::optional<Result<host::Replica*>> started;
  rig.begin({3}, one, [&](Result<host::Replica*> result) { started = result; });
  ASSERT_TRUE(rig.is_destroyed(first));
  ASSERT_TRUE(rig.is_destroyed(second));
  ASSERT_TRUE(started.has_value());
  EXPECT_EQ(started->error().what, "the group is being destroyed: start it when that is done");
  started.reset();
  rig.begin({3}, one, [&](Result<host::Replica*> result) { started = result; });
  ASSERT_TRUE(rig.is_destroyed(rig.destroy({3}, one)));  // while it began
  EXPECT_EQ(started->error().what, "the group was ended");
  EXPECT_FALSE(rig.is_destroyed(rig.destroy({3}, {})));
}

TEST_F(Leaving, groups_are_destroyed_and_come_again_while_messages_fly) {
  write(one, 5);
  for (std::uint64_t round = 0; round < 30; ++round) {
    ManyGroupsRig::Answer answers[3];
    for (std::uint64_t id = 1; id <= 3; ++id) {
      if (host::Replica* const replica = rig.replica({id}, one))
        for (int i = 0; i < 20; ++i)
          replica->propose(Bytes::copy("x"), [](const host::Outcome&) {});
      rig.run(Duration{round * 100'000});
      answers[id - 1] = rig.destroy({id}, one);
    }
    for (const ManyGroupsRig::Answer& answer : answers) ASSERT_TRUE(rig.is_destroyed(answer));
    rig.start(one);
    rig.run(Duration{round * 20'000'000});
  }
  write(one, 3);
  write(other, 3);
}

TEST_F(Leaving, whoever_waits_for_a_group_that_is_destroyed_is_told) {
  write(one, 1);
  const std::uint64_t at = leader(one);
  std::optional<host::Outcome> outcome;
  rig.replica({at}, one)->propose(Bytes::copy("x"),
                                  [&](const host::Outcome& said) { outcome = said; });
  const auto answer = rig.destroy({at}, one);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(std::holds_alternative<host::Refused>(*outcome));
  ASSERT_TRUE(rig.is_destroyed(answer));
}

TEST_F(Leaving, no_group_may_have_the_id_of_a_note) {
  std::optional<Result<host::Replica*>> started;
  rig.begin({1}, {1ULL << 63}, [&](Result<host::Replica*> result) { started = result; });
  ASSERT_TRUE(soon([&] { return started.has_value(); }));
  EXPECT_EQ(started->error().fault, Fault::invalid);
}

TEST_F(Leaving, the_machine_of_a_group_that_ended_is_let_go) {
  write(one, 1);
  rig.end({2}, one);
  ASSERT_TRUE(rig.has_machine({2}, one));  // somebody may be in it
  EXPECT_TRUE(soon([&] { return !rig.has_machine({2}, one); }));
  EXPECT_TRUE(rig.has_machine({2}, other));
}

// ---- members that are removed

TEST_F(Leaving, a_node_that_no_group_has_any_more_is_not_called_for_ever) {
  const auto knows = [&](std::uint64_t id) {
    const std::vector<NodeId> peers = rig.shard({id}).links().peers();
    return std::ranges::count(peers, NodeId{3}) > 0;
  };
  const auto remove = [&](GroupId group) {
    ASSERT_TRUE(soon([&] { return leader(group) == 1 || leader(group) == 2; }));
    std::optional<host::Outcome> outcome;
    rig.replica({leader(group)}, group)
        ->reconfigure({{.id = {1}, .address = SimulatedNetwork::address_of({1})},
                       {.id = {2}, .address = SimulatedNetwork::address_of({2})}},
                      std::nullopt, [&](const host::Outcome& said) { outcome = said; });
    ASSERT_TRUE(soon([&] { return outcome.has_value(); }));
    ASSERT_TRUE(std::holds_alternative<host::Applied>(*outcome));
  };
  write(one, 1);
  write(other, 1);
  rig.kill({3});
  rig.run(3s);
  remove(one);
  rig.run(10s);
  EXPECT_TRUE(knows(1));
  EXPECT_TRUE(knows(2));
  remove(other);
  rig.run(10s);
  EXPECT_FALSE(knows(1));
  EXPECT_FALSE(knows(2));
  EXPECT_FALSE(rig.shard({1}).links().up({3}));
  rig.boot({3});  // it calls nobody, as long as it has no group; then it is heard again
  rig.start({3}, one);
  EXPECT_TRUE(soon([&] { return rig.shard({1}).links().up({3}); }));
}

TEST_F(Leaving, of_a_member_that_was_removed_nobody_takes_a_fetch) {
  write(one, 1);
  for (std::uint64_t id = 1; id <= 2; ++id) take_snapshot({id}, one);
  rig.kill({3});
  for (std::uint64_t id = 1; id <= 2; ++id) EXPECT_EQ(answer({id}, {3}), "here it is");
  ASSERT_TRUE(soon([&] { return leader(one) == 1 || leader(one) == 2; }));
  std::optional<host::Outcome> outcome;
  rig.replica({leader(one)}, one)
      ->reconfigure(wanted(2), std::nullopt, [&](const host::Outcome& said) { outcome = said; });
  ASSERT_TRUE(soon([&] { return outcome.has_value(); }));
  write(one, 1);
  rig.run(1s);
  for (std::uint64_t id = 1; id <= 2; ++id) {
    EXPECT_EQ(answer({id}, {3 - id}), "here it is");
    EXPECT_EQ(answer({id}, {3}),
              "node 3 is no member of the group, as far as node " + std::to_string(id) + " knows");
  }
  rig.end({2}, one);
  EXPECT_EQ(answer({2}, {1}), "the group does not run here");
}

// Nobody else has heard of that yet.
TEST_F(Leaving, a_member_that_is_just_being_added_may_fetch) {
  write(one, 1);
  const NodeId at{leader(one)};
  take_snapshot(at, one);
  EXPECT_EQ(answer(at, {4}), "node 4 is no member of the group, as far as node " +
                                 std::to_string(at.value) + " knows");
  for (std::uint64_t id = 1; id <= 3; ++id)
    if (NodeId{id} != at) rig.pause({id}, true);
  rig.replica(at, one)->reconfigure(wanted(4), std::nullopt, [](const host::Outcome&) {});
  rig.run(10ms);
  EXPECT_EQ(answer(at, {4}), "here it is");
  const raft::Core& core = rig.replica(at, one)->core();
  EXPECT_EQ(core.memberships().at(core.commit()).membership->find({4}), nullptr);
}

// ---- a disk that fails

TEST_F(Leaving, who_waits_for_a_start_is_told_when_the_disk_fails) {
  write(one, 1);
  write(other, 1);
  rig.may_break();
  for (std::uint64_t group = 3; group < 6; ++group) {
    rig.climate({1}).of(Mishap::failed_sync) = 1'000'000;
    rig.climate({1}).of(Mishap::failed_write) = 1'000'000;
    const auto started = std::make_shared<std::optional<Result<host::Replica*>>>();
    rig.begin({1}, {group}, [started](Result<host::Replica*> result) { *started = result; });
    ASSERT_TRUE(soon([&] { return started->has_value(); })) << group;
    EXPECT_EQ((*started)->error().fault, Fault::io);
  }
  EXPECT_TRUE(rig.is_broken({1}));
}

}  // namespace
}  // namespace bowline::sim

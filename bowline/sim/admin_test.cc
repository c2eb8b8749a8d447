// SPDX-License-Identifier: Apache-2.0
#include "bowline/client/admin.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/client/members.h"
#include "bowline/client/spread.h"
#include "bowline/sim/many_groups_rig.h"

// Somebody administers whole nodes over the wire, from a machine of his own.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;
using client::Outcome;

constexpr GroupId group{1};

struct Administration : testing::Test {
  explicit Administration(host::Admit admit = host::Admit::anybody) : rig(Duration{0}, admit) {
    rig.start(group);
    rig.run_until([&] { return leader() != 0; }, 10s);
    admin = std::make_unique<client::Admin>(
        rig.desk().loop(), rig.desk().clock(), rig.desk().network,
        client::Admin::Options{.peers = {address(1), address(2), address(3)}, .name = "anna"});
  }
  ~Administration() override { admin.reset(); }

  static std::string address(std::uint64_t id) { return SimulatedNetwork::address_of(NodeId{id}); }
  std::uint64_t leader() {
    for (std::uint64_t id = 1; id <= 3; ++id)
      if (rig.runs({id}) && rig.led({id}) > 0) return id;
    return 0;
  }
  // Not waited for yet.
  template <class What>
  struct Promise {
    std::shared_ptr<std::optional<What>> kept = std::make_shared<std::optional<What>>();
    env::Done<What> reply() const {
      return [kept = kept](What what) { *kept = std::move(what); };
    }
  };
  template <class What>
  What wait(const Promise<What>& promise, Duration at_most = 20s) {
    EXPECT_TRUE(rig.run_until([&] { return promise.kept->has_value(); }, at_most));
    return promise.kept->has_value() ? **promise.kept : What{};
  }
  client::Admin& asks() {
    rig.desk();  // it is as late there as here
    return *admin;
  }
  Result<wire::GroupReport> look(GroupId which = group) {
    const Promise<Result<wire::GroupReport>> promise;
    asks().look(which, promise.reply());
    return wait(promise);
  }
  Outcome change(wire::Asked what) {
    const Promise<Outcome> promise;
    asks().change(std::move(what), promise.reply());
    return wait(promise);
  }
  static std::string words(const Outcome& outcome) {
    if (std::holds_alternative<wire::Done>(outcome)) return "done";
    if (const auto* no = std::get_if<wire::Declined>(&outcome)) return no->sentence;
    return "unsure: " + std::get<wire::Unsure>(outcome).sentence;
  }

  ManyGroupsRig rig;
  std::unique_ptr<client::Admin> admin;
};

TEST_F(Administration, the_leader_is_found_wherever_one_begins_to_ask) {
  for (std::uint64_t to = 1; to <= 3; ++to) {
    if (leader() != to) {
      EXPECT_EQ(words(change(wire::AskTransfer{group, {to}})), "done");
    }
    const Result<wire::GroupReport> report = look();
    ASSERT_TRUE(report) << report.error().what;
    EXPECT_EQ(report->node, NodeId{to});
    EXPECT_EQ(report->role, raft::Role::leader);
    EXPECT_EQ(report->members.members.size(), 3U);
    EXPECT_EQ(report->peers.size(), 2U);
    EXPECT_TRUE(report->peers[0].up && report->peers[1].up);
  }
}

TEST_F(Administration, members_come_change_and_go_with_compare_and_set) {
  const raft::Wanted fourth{.id = {4}, .standing = raft::Standing::learner, .address = address(4)};
  const wire::GroupReport before = *look();
  EXPECT_EQ(words(change(*client::with_member(before, fourth))), "done");
  const wire::GroupReport with = *look();
  ASSERT_NE(with.members.find({4}), nullptr);
  EXPECT_EQ(with.members.find({4})->now, raft::Standing::learner);
  // Somebody who has not seen that.
  EXPECT_EQ(words(change(*client::without_member(before, {3}))),
            "the members are not those that were expected: look at them again, and then decide");
  EXPECT_EQ(look()->members.members.size(), 4U);
  EXPECT_EQ(words(change(*client::without_member(with, {4}))), "done");
  rig.run(1s);
  EXPECT_EQ(look()->members.members.size(), 3U);
  EXPECT_EQ(words(change(*client::with_standing(*look(), {3}, raft::Standing::learner))), "done");
  EXPECT_EQ(look()->members.find({3})->now, raft::Standing::learner);
  EXPECT_EQ(words(change(*client::with_standing(*look(), {3}, raft::Standing::voter))), "done");
  rig.run(1s);
  EXPECT_EQ(look()->members.find({3})->now, raft::Standing::voter);
}

// Who is added and cannot be reached does not become a voter; then the change is taken back.
TEST_F(Administration, a_change_that_waits_can_be_cancelled) {
  const Promise<Outcome> waits;
  asks().change(*client::with_member(*look(), {.id = {4}, .address = address(4)}), waits.reply());
  rig.run(2s);
  EXPECT_FALSE(waits.kept->has_value());
  EXPECT_TRUE(look()->change_pending);
  EXPECT_EQ(words(change(wire::AskCancel{group})), "done");
  wait(waits);
  rig.run(1s);
  EXPECT_EQ(look()->members.members.size(), 3U);
  EXPECT_EQ(words(change(wire::AskCancel{group})), "no change of the members is under way");
}

// Asked at any moment of the handover, by somebody who still knows the old leader.
TEST_F(Administration, a_leader_that_moves_is_followed) {
  for (int round = 0; round < 20; ++round) {
    const wire::GroupReport before = *look();
    const std::uint64_t old = before.leader.value;
    const Result<wire::AskMembers> ask =
        client::with_standing(before, before.leader, raft::Standing::learner);
    ASSERT_TRUE(ask);
    rig.replica({old}, group)->transfer({old % 3 + 1}, [](const host::Outcome&) {});
    rig.run(std::chrono::microseconds(200 * round));
    EXPECT_EQ(words(change(*ask)), "done") << round;
    rig.run(1s);
    const wire::GroupReport after = *look();
    EXPECT_EQ(after.members.find({old})->now, raft::Standing::learner);
    EXPECT_NE(after.leader, NodeId{old});
    EXPECT_EQ(words(change(*client::with_standing(after, {old}, raft::Standing::voter))), "done");
    rig.run(1s);
  }
}

TEST_F(Administration, while_nobody_leads_it_waits_for_one_who_does) {
  ASSERT_TRUE(look().has_value());  // so that it knows whom to ask
  rig.kill({leader()});
  rig.run(5ms);  // and the connection to it is reset
  EXPECT_EQ(leader(), 0U);
  EXPECT_EQ(words(change(wire::AskTransfer{group, {}})), "done");
  EXPECT_EQ(look()->role, raft::Role::leader);
}

// The node got it, and nobody will ever know what became of it.
TEST_F(Administration, nobody_knows_what_a_node_did_that_died_before_it_answered) {
  ASSERT_TRUE(look().has_value());
  const std::uint64_t old = leader();
  const Promise<Outcome> promise;
  for (std::uint64_t id = 1; id <= 3; ++id)
    if (id != old) rig.cut({id}, {old});  // so that it can decide nothing
  asks().change(*client::without_member(*look(), {old % 3 + 1}), promise.reply());
  rig.run(100ms);
  ASSERT_FALSE(promise.kept->has_value());
  rig.kill({old});
  const Outcome outcome = wait(promise);
  ASSERT_TRUE(std::holds_alternative<wire::Unsure>(outcome)) << words(outcome);
  EXPECT_TRUE(words(outcome).contains("ended before it answered")) << words(outcome);
}

TEST_F(Administration, nobody_knows_what_a_node_did_that_did_not_answer_in_time) {
  ASSERT_TRUE(look().has_value());
  const std::uint64_t old = leader();
  for (std::uint64_t id = 1; id <= 3; ++id)
    if (id != old) rig.cut({id}, {old});
  const Promise<Outcome> promise;
  asks().change(*client::without_member(*look(), {old % 3 + 1}), promise.reply());
  rig.run(100ms);
  rig.pause({old}, true);
  const Outcome outcome = wait(promise);
  ASSERT_TRUE(std::holds_alternative<wire::Unsure>(outcome)) << words(outcome);
  EXPECT_TRUE(words(outcome).contains("did not answer in time")) << words(outcome);
}

// What was not sent was not done: others are asked, and it is done once.
TEST_F(Administration, a_node_that_hangs_before_it_was_asked_is_passed_over) {
  const std::uint64_t hangs = leader() % 3 + 1;
  rig.pause({hangs}, true);
  for (int round = 0; round < 3; ++round)
    EXPECT_EQ(words(change(wire::AskTransfer{group, {}})), "done");
  EXPECT_EQ(look()->role, raft::Role::leader);
}

TEST_F(Administration, of_a_group_without_a_leader_the_state_is_shown_that_somebody_sees) {
  const std::uint64_t old = leader();
  rig.kill({old});
  rig.kill({old % 3 + 1});
  rig.run(5s);
  const Result<wire::GroupReport> report = look();
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_NE(report->role, raft::Role::leader);
  EXPECT_EQ(report->members.members.size(), 3U);
  const Outcome outcome = change(wire::AskTransfer{group, {}});
  EXPECT_TRUE(std::holds_alternative<wire::Declined>(outcome)) << words(outcome);
}

TEST_F(Administration, a_snapshot_is_taken_where_it_is_wanted) {
  ASSERT_TRUE(rig.writes(group));
  rig.run(1s);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const Promise<Outcome> promise;
    asks().change_at(address(id), wire::AskSnapshot{group}, promise.reply());
    EXPECT_EQ(words(wait(promise)), "done") << id;
    EXPECT_GT(rig.replica({id}, group)->snapshot().index, Index{});
  }
}

TEST_F(Administration, the_last_one_is_told_to_go_on_alone) {
  const std::uint64_t old = leader();
  rig.kill({old});
  rig.kill({old % 3 + 1});
  const std::uint64_t rest = 6 - old - (old % 3 + 1);
  rig.run(3s);
  const Promise<Outcome> promise;
  asks().change_at(address(rest), wire::AskRecover{group, {77}}, promise.reply());
  EXPECT_EQ(words(wait(promise)), "done");
  EXPECT_TRUE(rig.writes(group));
  EXPECT_EQ(look()->members.cluster, ClusterId{77});
}

TEST_F(Administration, a_group_that_is_nowhere_is_nowhere) {
  const Result<wire::GroupReport> report = look({99});
  ASSERT_FALSE(report);
  EXPECT_TRUE(report.error().what.contains("has no group 99")) << report.error().what;
  EXPECT_TRUE(words(change(wire::AskTransfer{{99}, {}})).contains("has no group 99"));
}

TEST_F(Administration, leaders_are_spread_over_the_nodes) {
  constexpr std::uint64_t groups = 30;
  for (std::uint64_t id = 2; id <= groups; ++id) rig.start(GroupId{id});
  const auto led = [&] { return rig.led({1}) + rig.led({2}) + rig.led({3}); };
  ASSERT_TRUE(rig.run_until([&] { return led() == groups; }, 20s));
  for (std::uint64_t id = 1; id <= groups; ++id) change(wire::AskTransfer{{id}, {1}});
  ASSERT_EQ(rig.led({1}), groups);
  std::vector<wire::NodeReport> nodes;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    // In pages, as if there were many.
    wire::NodeReport all;
    for (bool more = true; more;) {
      const Promise<Result<wire::NodeReport>> promise;
      const GroupId after = all.lines.empty() ? GroupId{} : all.lines.back().group;
      asks().look_at_node(address(id), {after, 7}, promise.reply());
      const Result<wire::NodeReport> page = wait(promise);
      ASSERT_TRUE(page) << page.error().what;
      all.id = page->id;
      all.lines.insert(all.lines.end(), page->lines.begin(), page->lines.end());
      EXPECT_LE(page->lines.size(), 7U);
      more = page->more;
    }
    EXPECT_EQ(all.lines.size(), groups);
    nodes.push_back(std::move(all));
  }
  for (const client::Move& move : client::spread(nodes, 100))
    EXPECT_EQ(words(change(wire::AskTransfer{move.group, move.to})), "done");
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(rig.led({id}), groups / 3);
}

// ---- destroying

struct Destroying : Administration {
  Destroying() {
    rig.adjust([this](host::Options& options) {
      options.operators.may_destroy = true;
      options.newest_version = version;
    });
    for (std::uint64_t id = 1; id <= 3; ++id) again(id);
  }
  void again(std::uint64_t id) {
    rig.kill({id});
    rig.boot({id});
    rig.start({id}, group);
    EXPECT_TRUE(rig.run_until([&] { return leader() != 0; }, 20s));
  }
  std::string destroy(std::uint64_t id, bool even_a_member = false, GroupId which = group) {
    const Promise<Outcome> promise;
    asks().change_at(address(id), wire::AskDestroy{which, even_a_member}, promise.reply());
    return words(wait(promise));
  }
  std::uint64_t follower() { return leader() % 3 + 1; }
  wire::Version version = wire::newest_version;
};

TEST_F(Destroying, of_a_group_nothing_is_left_on_a_node_that_was_removed_from_it) {
  ASSERT_TRUE(rig.writes(group));
  const std::uint64_t gone = follower();
  EXPECT_TRUE(destroy(gone).contains("is a member still: remove it first")) << destroy(gone);
  ASSERT_TRUE(rig.writes(group));
  EXPECT_NE(rig.replica({gone}, group), nullptr);
  EXPECT_EQ(words(change(*client::without_member(*look(), {gone}))), "done");
  rig.run(1s);
  EXPECT_EQ(destroy(gone), "done");
  EXPECT_FALSE(rig.shard({gone}).has(group));
  EXPECT_FALSE(rig.has_machine({gone}, group));
  EXPECT_TRUE(destroy(gone).contains("has no group 1")) << destroy(gone);
  ASSERT_TRUE(rig.writes(group));
  // As a member that nobody has met.
  rig.start({gone}, group);
  EXPECT_EQ(words(change(*client::with_member(*look(), {.id = {gone}, .address = address(gone)}))),
            "done");
  EXPECT_TRUE(
      rig.run_until([&] { return rig.replica({gone}, group)->applied().index.value > 5; }, 10s));
}

TEST_F(Destroying, a_member_is_destroyed_if_that_is_said) {
  const std::uint64_t at = leader();
  EXPECT_EQ(destroy(at, true), "done");
  EXPECT_FALSE(rig.shard({at}).has(group));
  bool told = false;
  for (const auto& [which, news] : rig.news({at}))
    told = told || std::holds_alternative<host::GroupDestroyed>(news);
  EXPECT_TRUE(told);
  EXPECT_TRUE(rig.run_until([&] { return leader() != 0; }, 20s));
  EXPECT_TRUE(rig.writes(group));
}

// What lies there may be of a member.
TEST_F(Destroying, of_a_group_that_does_not_run_there_it_has_to_be_said_too) {
  rig.kill({3});
  rig.boot({3});
  ASSERT_TRUE(rig.shard({3}).has(group));
  EXPECT_TRUE(destroy(3).contains("does not run the group")) << destroy(3);
  EXPECT_EQ(destroy(3, true), "done");
  EXPECT_FALSE(rig.shard({3}).has(group));
  // Of what never was there no note is made.
  const std::uint64_t bytes = rig.shard({3}).log().bytes();
  EXPECT_TRUE(destroy(3, true, GroupId{99}).contains("has no group 99"));
  EXPECT_EQ(rig.shard({3}).log().bytes(), bytes);
}

TEST_F(Destroying, a_node_that_is_too_old_is_not_even_asked) {
  version = wire::destroy_since - 1;
  const std::uint64_t old = follower();
  again(old);
  for (int round = 0; round < 2; ++round)  // also where the connection is there already
    EXPECT_EQ(destroy(old, true),
              "node " + std::to_string(old) +
                  " speaks version 3 of the protocol with us, in which nobody can ask for that. "
                  "Upgrade the older side first");
  EXPECT_NE(rig.replica({old}, group), nullptr);
  EXPECT_EQ(destroy(leader(), true), "done");
}

TEST_F(Destroying, who_dies_in_the_midst_leaves_it_unknown) {
  const std::uint64_t old = follower();
  ASSERT_TRUE(look().has_value());
  EXPECT_TRUE(destroy(old).contains("is a member"));  // it is connected
  const Promise<Outcome> promise;
  asks().change_at(address(old), wire::AskDestroy{group, true}, promise.reply());
  ASSERT_TRUE(rig.run_until([&] { return rig.replica({old}, group) == nullptr; }, 1s));
  rig.kill({old});
  EXPECT_TRUE(words(wait(promise)).contains("ended before it answered"));
}

TEST_F(Administration, unless_its_program_bears_that_no_group_is_destroyed) {
  const Promise<Outcome> promise;
  asks().change_at(address(1), wire::AskDestroy{group, true}, promise.reply());
  EXPECT_TRUE(words(wait(promise)).contains("to allow it in its options, operators.may_destroy"));
  EXPECT_NE(rig.replica({1}, group), nullptr);
}

struct Closed : Administration {
  Closed() : Administration(host::Admit::nobody) {}
};

TEST_F(Closed, unless_it_is_allowed_nobody_administers) {
  const Result<wire::GroupReport> report = look();
  ASSERT_FALSE(report);
  EXPECT_TRUE(report.error().what.contains("takes nothing from operators")) << report.error().what;
  EXPECT_TRUE(words(change(wire::AskTransfer{group, {}})).contains("takes nothing from operators"));
}

struct Certified : Administration {
  Certified() : Administration(host::Admit::certified) {}
};

TEST_F(Certified, who_proves_nothing_is_not_let_in_where_that_is_wanted) {
  const Result<wire::GroupReport> report = look();
  ASSERT_FALSE(report);
  EXPECT_TRUE(report.error().what.contains("only operators with a certificate"))
      << report.error().what;
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/console.h"

#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "bowline/api/test_node.h"
#include "bowline/runtime/test_certificates.h"

// Real nodes, administered over real sockets, with certificates and without.
namespace bowline {
namespace {

using client::Outcome;
using runtime::Wish;

std::string words(const Outcome& outcome) {
  if (std::holds_alternative<wire::Done>(outcome)) return "done";
  if (const auto* no = std::get_if<wire::Declined>(&outcome)) return no->sentence;
  return "unsure: " + std::get<wire::Unsure>(outcome).sentence;
}

class ConsoleTest : public NodeTest {
 protected:
  ConsoleTest() {
    adjust_ = [this](NodeOptions& options) {
      options.operators.admit = admit_;
      options.operators.may_destroy = destroys_;
      if (secure_) options.tls = files("node", Wish::of_node(options.id), options.id.value);
      options.log_sink = [this](std::string_view line) {
        const std::scoped_lock lock(mutex_);
        log_ += std::string(line) + "\n";
      };
    };
  }
  ~ConsoleTest() override { members_.clear(); }

  runtime::TlsOptions files(const std::string& name, const Wish& wish, std::uint64_t number) {
    return folder_.options(name + std::to_string(number), authority_.issue(wish),
                           authority_.certificate());
  }
  Result<std::unique_ptr<Console>> try_console(const runtime::TlsOptions& tls = {}) {
    return Console::open({.peers = {addresses_.at(2)},
                          .name = "anna",
                          .cluster = {},
                          .tls = tls,
                          .within = within_});
  }
  std::unique_ptr<Console> console(const runtime::TlsOptions& tls = {}) {
    Result<std::unique_ptr<Console>> made = try_console(tls);
    EXPECT_TRUE(made.has_value()) << made.error().what;
    return *std::move(made);
  }
  bool was_logged(std::string_view what) {
    return soon([&] {
      const std::scoped_lock lock(mutex_);
      return log_.contains(what);
    });
  }

  host::Admit admit_ = host::Admit::anybody;
  bool destroys_ = false;
  bool secure_ = false;
  Duration within_ = 10s;
  runtime::CertificateFolder folder_;
  runtime::Authority authority_{"the authority"};
  std::mutex mutex_;
  std::string log_;
};

TEST_F(ConsoleTest, a_script_sees_and_changes_a_group) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  const auto script = console();
  for (const std::uint64_t to : {1U, 2U, 3U, 1U}) {
    // Whoever leads already cannot take over; and on a slow machine nobody may have done so in
    // time.
    Outcome outcome;
    EXPECT_TRUE(soon([&] {
      outcome = script->transfer(group, NodeId{to});
      return std::holds_alternative<wire::Done>(outcome) || leader() == to;
    })) << words(outcome);
    const Result<wire::GroupReport> report = script->look(group);
    ASSERT_TRUE(report) << report.error().what;
    EXPECT_EQ(report->leader, NodeId{to});
    EXPECT_EQ(report->node, NodeId{to});
  }
  open(4);
  members_[4].diary = nullptr;
  ASSERT_TRUE(members_[4].node->start(group, {}, std::make_unique<Diary>()).has_value());
  EXPECT_EQ(words(script->add(group, {.id = NodeId{4}, .address = addresses_[4]})), "done");
  EXPECT_TRUE(soon([&] {
    const auto report = script->look(group);
    const raft::Member* const fourth = report ? report->members.find({4}) : nullptr;
    return fourth != nullptr && fourth->now == raft::Standing::voter;
  }));
  EXPECT_EQ(words(script->add(group, {.id = NodeId{4}, .address = addresses_[4]})),
            "node 4 is a member already");
  EXPECT_TRUE(words(script->remove(group, NodeId{4}, Index{1})).contains("not those that were"));
  EXPECT_EQ(words(script->remove(group, NodeId{4})), "done");
  EXPECT_EQ(words(script->snapshot(addresses_[3], group)), "done");
  EXPECT_TRUE(was_logged("an operator asks"));
  EXPECT_TRUE(was_logged("take a snapshot"));
}

TEST_F(ConsoleTest, several_members_change_in_one_step) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  const auto script = console();
  for (const std::uint64_t id : {4U, 5U}) {
    open(id);
    ASSERT_TRUE(members_[id].node->start(group, {}, std::make_unique<Diary>()).has_value());
  }
  const std::uint64_t stays = leader();
  std::vector<raft::Wanted> wanted;
  for (const std::uint64_t id : {stays, std::uint64_t{4}})
    wanted.push_back({.id = NodeId{id}, .address = addresses_[id]});
  wanted.push_back(
      {.id = NodeId{5}, .standing = raft::Standing::learner, .address = addresses_[5]});
  // It may well be 1: as soon as the first leader has met all of them.
  EXPECT_TRUE(words(script->change_members(group, wanted, Index{1000})).contains("not those that"));
  EXPECT_EQ(words(script->change_members(group, wanted)), "done");
  const auto report = script->look(group);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->members.members.size(), 3U);
  ASSERT_NE(report->members.find({4}), nullptr);
  EXPECT_EQ(report->members.find({4})->now, raft::Standing::voter);
  ASSERT_NE(report->members.find({5}), nullptr);
  EXPECT_EQ(report->members.find({5})->now, raft::Standing::learner);
  EXPECT_EQ(write("b"), "2");
  wanted.push_back(wanted.front());
  EXPECT_EQ(words(script->change_members(group, wanted)),
            "node " + std::to_string(stays) + " is named twice");
}

TEST_F(ConsoleTest, each_node_says_how_it_sees_a_group) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  const std::uint64_t leads = leader();
  const auto script = console();
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const Result<wire::GroupReport> report = script->look_at(addresses_[id], group);
    ASSERT_TRUE(report) << report.error().what;
    EXPECT_EQ(report->node, NodeId{id});
    EXPECT_EQ(report->role, id == leads ? raft::Role::leader : raft::Role::follower);
  }
  const Result<wire::GroupReport> none = script->look_at(addresses_[3], GroupId{8});
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().what.contains("node 3 has no group 8")) << none.error().what;
}

// Who is to join is not there, and so the change waits.
TEST_F(ConsoleTest, a_change_that_waits_is_taken_back_by_another_operator) {
  within_ = 60s;
  found(3);
  ASSERT_EQ(write("a"), "1");
  const auto waits = console();
  std::future<Outcome> added = std::async(std::launch::async, [&] {
    return waits->add(group, {.id = NodeId{9}, .address = "127.0.0.1:1"});
  });
  const auto script = console();
  ASSERT_TRUE(soon([&] {
    const auto report = script->look(group);
    return report && report->members.find({9}) != nullptr;
  }));
  EXPECT_EQ(words(script->cancel_change(group)), "done");
  EXPECT_NE(words(added.get()), "done");
  const auto report = script->look(group);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->members.find({9}), nullptr);
  EXPECT_EQ(words(script->cancel_change(group)), "no change of the members is under way");
}

TEST_F(ConsoleTest, all_nodes_are_found_from_one_and_leaders_are_spread) {
  found(3);
  constexpr std::uint64_t groups = 9;
  for (std::uint64_t more = 1; more < groups; ++more)
    for (std::uint64_t id = 1; id <= 3; ++id) {
      GroupSetup setup;
      for (const auto& [each, address] : addresses_)
        setup.founders.push_back({.id = NodeId{each}, .address = address});
      ASSERT_TRUE(members_[id]
                      .node->start(GroupId{group.value + more}, setup, std::make_unique<Diary>())
                      .has_value());
    }
  const auto script = console();
  const auto leads = [&](std::uint64_t id) { return members_[id].node->status().get().leads; };
  ASSERT_TRUE(soon([&] { return leads(1) + leads(2) + leads(3) == groups; }));
  ASSERT_TRUE(soon([&] {
    for (std::uint64_t more = 0; more < groups; ++more)
      script->transfer(GroupId{group.value + more}, NodeId{1});
    return leads(1) == groups;
  }));
  Console::Survey survey = script->survey();
  ASSERT_EQ(survey.nodes.size(), 3U);
  EXPECT_TRUE(survey.silent.empty());
  for (const wire::NodeReport& node : survey.nodes) {
    EXPECT_EQ(node.groups, groups);
    EXPECT_EQ(node.lines.size(), groups);
    EXPECT_EQ(node.links.size(), 2U);
  }
  for (const Console::Moved& moved : script->rebalance(survey, 100))
    EXPECT_EQ(words(moved.outcome), "done");
  EXPECT_TRUE(soon([&] { return leads(1) == 3 && leads(2) == 3 && leads(3) == 3; }));
  members_.erase(3);
  survey = script->survey();
  EXPECT_EQ(survey.nodes.size(), 2U);
  ASSERT_EQ(survey.silent.size(), 1U);
  EXPECT_EQ(survey.silent[0].first, addresses_[3]);
}

TEST_F(ConsoleTest, a_group_is_destroyed_on_one_node_and_on_all) {
  destroys_ = true;
  found(3);
  ASSERT_EQ(write("a"), "1");
  const auto script = console();
  EXPECT_EQ(
      words(script->destroy(addresses_[3], group)),
      "node 3 is a member still: remove it first, or destroy the group on all of its members");
  members_.erase(3);
  ASSERT_NE(leader(), 0U);
  const auto unreached = script->destroy_everywhere(group);
  ASSERT_FALSE(unreached);
  EXPECT_TRUE(unreached.error().what.contains("node 3 cannot be reached"))
      << unreached.error().what;
  EXPECT_TRUE(unreached.error().what.contains("nothing was done")) << unreached.error().what;
  // It is away when it is removed, and so does not know that.
  EXPECT_EQ(words(script->remove(group, NodeId{3})), "done");
  open(3);
  start(3);
  EXPECT_EQ(words(script->destroy(addresses_[3], group)), "done");
  EXPECT_FALSE(members_[3].group->status().get().here);
  EXPECT_TRUE(was_logged("destroy the group here"));
  EXPECT_EQ(write("b"), "2");

  const auto everywhere = script->destroy_everywhere(group);
  ASSERT_TRUE(everywhere) << everywhere.error().what;
  ASSERT_EQ(everywhere->size(), 2U);
  for (const Console::Destroyed& one : *everywhere) EXPECT_EQ(words(one.outcome), "done");
  for (const std::uint64_t id : {1U, 2U}) EXPECT_FALSE(members_[id].group->status().get().here);
}

TEST_F(ConsoleTest, where_one_member_does_not_destroy_it_the_others_are_left) {
  destroys_ = true;
  open(1);
  open(2);
  destroys_ = false;
  open(3);
  for (const std::uint64_t id : {1U, 2U, 3U}) start(id);
  ASSERT_EQ(write("a"), "1");
  const auto script = console();
  ASSERT_TRUE(soon([&] {
    return leader() == 1 || std::holds_alternative<wire::Done>(script->transfer(group, NodeId{1}));
  }));
  ASSERT_TRUE(soon([&] { return leader() == 1; }));
  const auto tried = script->destroy_everywhere(group);
  ASSERT_TRUE(tried) << tried.error().what;
  ASSERT_EQ(tried->size(), 2U);
  EXPECT_EQ((*tried)[0].node, NodeId{2});
  EXPECT_EQ(words((*tried)[0].outcome), "done");
  EXPECT_TRUE(words((*tried)[1].outcome).contains("operators.may_destroy"));
  EXPECT_EQ(write("b"), "2");
}

TEST_F(ConsoleTest, unless_it_is_allowed_nobody_is_let_in) {
  admit_ = host::Admit::nobody;
  within_ = 500ms;
  found(3);
  const auto script = console();
  EXPECT_TRUE(script->look(group).error().what.contains("takes nothing from operators"));
  EXPECT_TRUE(was_logged("was not let in as an operator"));
  EXPECT_EQ(write("a"), "1");
}

TEST_F(ConsoleTest, a_certificate_of_an_admin_opens_and_no_other) {
  secure_ = true;
  admit_ = host::Admit::certified;
  found(3);
  const Wish admin{.uris = {"bowline://test/admin/anna"}};
  const auto script = console(files("admin", admin, 1));
  const Result<wire::GroupReport> report = script->look(group);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(words(script->transfer(group, NodeId{})), "done");
  EXPECT_TRUE(was_logged("admin anna"));

  within_ = 500ms;
  // That of a node does not, nor one of another cluster; and without one nobody is spoken to.
  const Result<std::unique_ptr<Console>> as_node =
      try_console(files("admin", Wish::of_node({2}), 2));
  ASSERT_FALSE(as_node);
  EXPECT_TRUE(as_node.error().what.contains("an admin is wanted")) << as_node.error().what;
  const Wish elsewhere{.uris = {"bowline://other/admin/anna"}};
  EXPECT_FALSE(console(files("admin", elsewhere, 3))->look(group));
  EXPECT_FALSE(console()->look(group));
  EXPECT_EQ(write("a"), "1");
}

TEST_F(ConsoleTest, an_admin_is_no_node) {
  secure_ = true;
  adjust_ = [this](NodeOptions& options) {
    options.tls = files("odd", Wish{.uris = {"bowline://test/admin/anna"}}, options.id.value);
  };
  const Result<std::unique_ptr<Node>> node = Node::open(options(1));
  ASSERT_FALSE(node);
  EXPECT_TRUE(node.error().what.contains("names the admin anna, and this is node 1"))
      << node.error().what;
}

TEST_F(ConsoleTest, what_cannot_be_asked_for_is_said_at_once) {
  const Result<std::unique_ptr<Console>> none = Console::open({});
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().what.contains("peers must name at least one node"));
  const auto why = [](const std::function<void(ConsoleOptions&)>& spoil) {
    ConsoleOptions options;
    options.peers = {"127.0.0.1:1"};
    spoil(options);
    const Result<std::unique_ptr<Console>> opened = Console::open(std::move(options));
    return opened ? "it opened" : opened.error().what;
  };
  const std::string mine = "the options of a console: ";
  EXPECT_EQ(why([](ConsoleOptions& o) { o.within = Duration::max(); }),
            mine + "within must be at most a year");
  EXPECT_EQ(why([](ConsoleOptions& o) { o.tls.greet_within = Duration::max(); }),
            mine + "tls.greet_within must be at most a year");
  EXPECT_EQ(why([](ConsoleOptions& o) { o.tls.look_every = Duration::max(); }),
            mine + "tls.look_every must be at most a year");
  EXPECT_EQ(why([](ConsoleOptions&) {}), "it opened");
}

}  // namespace
}  // namespace bowline

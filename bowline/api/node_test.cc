// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/node.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/test_node.h"

namespace bowline {
namespace {

TEST_F(NodeTest, one_node_alone_is_a_group) {
  found(1);
  EXPECT_EQ(write("a"), "1");
  EXPECT_EQ(write("b"), "2");
  EXPECT_EQ(read(1), "a\nb\n");
}

TEST_F(NodeTest, what_is_written_at_the_leader_is_read_everywhere) {
  found(3);
  EXPECT_EQ(write("a"), "1");
  EXPECT_EQ(write("b"), "2");
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(read(id), "a\nb\n");
}

TEST_F(NodeTest, a_follower_refuses_and_says_who_leads) {
  found(3);
  const std::uint64_t leads = leader();
  ASSERT_EQ(write("a"), "1");
  const Group& other = *members_.at(leads % 3 + 1).group;
  ASSERT_EQ(other.await_leader(10s).get(), NodeId{leads});  // it may not have been of the quorum
  const Outcome outcome = other.propose("b").get();
  ASSERT_TRUE(std::holds_alternative<Refused>(outcome));
  EXPECT_EQ(std::get<Refused>(outcome).why, raft::Refusal::not_leader);
  EXPECT_EQ(std::get<Refused>(outcome).leader, NodeId{leads});
}

TEST_F(NodeTest, the_group_outlives_its_leader_and_takes_it_back) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  const std::uint64_t old = leader();
  members_.erase(old);
  EXPECT_EQ(write("b"), "2");
  open(old);
  start(old);
  EXPECT_EQ(write("c"), "3");
  EXPECT_EQ(read(old), "a\nb\nc\n");
}

TEST_F(NodeTest, all_of_them_start_again_where_they_were) {
  host::GroupOptions of;
  of.snapshot_entries = 10;
  of.keep_entries = 2;
  found(3, of);
  std::string all;
  for (int i = 1; i <= 55; ++i) {
    ASSERT_EQ(write("entry " + std::to_string(i)), std::to_string(i));
    all += "entry " + std::to_string(i) + "\n";
  }
  members_.clear();
  for (std::uint64_t id = 1; id <= 3; ++id) open(id);
  for (std::uint64_t id = 1; id <= 3; ++id) start(id, of);
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(read(id), all);
}

TEST_F(NodeTest, leadership_is_handed_over) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  const std::uint64_t old = leader();
  const std::uint64_t next = old % 3 + 1;
  EXPECT_TRUE(
      std::holds_alternative<Applied>(members_.at(old).group->transfer(NodeId{next}).get()));
  EXPECT_EQ(leader(), next);
}

TEST_F(NodeTest, a_member_is_added_and_another_leaves) {
  host::GroupOptions of;
  of.snapshot_entries = 10;
  of.keep_entries = 2;
  found(3, of);
  for (int i = 1; i <= 30; ++i) ASSERT_EQ(write("x"), std::to_string(i));
  open(4);
  GroupSetup newcomer;
  newcomer.options = of;
  auto diary = std::make_unique<Diary>();
  members_[4].diary = diary.get();
  members_[4].group = *members_[4].node->start(group, newcomer, std::move(diary));
  const std::uint64_t leads = leader();
  std::vector<raft::Wanted> wanted;
  for (std::uint64_t id = 1; id <= 4; ++id)
    if (id != leads % 3 + 1) wanted.push_back({.id = NodeId{id}, .address = addresses_[id]});
  const Outcome changed = members_.at(leads).group->reconfigure(wanted).get();
  ASSERT_TRUE(std::holds_alternative<Applied>(changed));
  EXPECT_EQ(members_.at(leads).group->status().get().members.members.size(), 3U);
  EXPECT_EQ(write("y"), "31");
  EXPECT_EQ(read(4).size(), 62U);
}

// ---- bad input

class CannotOpen : public NodeTest {
 protected:
  // How, and in which words. A node that runs goes on.
  std::string refusal(const NodeOptions& options, Fault fault) {
    const Result<std::unique_ptr<Node>> opened = Node::open(options);
    EXPECT_EQ(write("x"), std::to_string(++written_));
    if (opened) return "it opened";
    EXPECT_EQ(opened.error().fault, fault) << opened.error().what;
    return opened.error().what;
  }
  std::uint64_t written_ = 0;
};

TEST_F(CannotOpen, what_cannot_work_is_refused_with_a_sentence_and_no_other_node_notices) {
  found(1);
  NodeOptions nobody = options(2);
  nobody.id = {};
  EXPECT_EQ(refusal(nobody, Fault::invalid),
            "the options of a node: id must not be 0: each node has an id of its own");
  NodeOptions deaf = options(2);
  deaf.listen = "nonsense";
  EXPECT_TRUE(refusal(deaf, Fault::invalid).contains("nonsense"));
  NodeOptions lost = options(2);
  lost.directory = place_ + "/no/such/place";
  EXPECT_TRUE(refusal(lost, Fault::not_found).contains("no/such/place"));
  NodeOptions elsewhere = options(2);
  elsewhere.listen = "203.0.113.1:4567";  // an address that nobody has
  EXPECT_TRUE(refusal(elsewhere, Fault::not_found).contains("this machine has no such address"));
  NodeOptions taken = options(2);
  taken.listen = addresses_[1];
  EXPECT_EQ(refusal(taken, Fault::exists),
            "cannot listen at " + addresses_[1] +
                ": another process has that port; stop it, or take another");
  for (const std::uint64_t id : {1U, 3U}) {
    NodeOptions twice = options(id);
    twice.directory = place_ + "/1";
    twice.listen = "127.0.0.1:0";
    EXPECT_EQ(refusal(twice, Fault::exists),
              "taking the log in " + place_ + "/1: the directory " + place_ +
                  "/1 is in use by another process, or a second time by this one: end that first, "
                  "or choose another directory");
  }
}

TEST_F(CannotOpen, a_directory_of_another_node_stays_as_it_is) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  members_.clear();
  NodeOptions other = options(3);
  other.directory = place_ + "/1";
  other.listen = "127.0.0.1:0";
  const Result<std::unique_ptr<Node>> opened = Node::open(other);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::exists);
  EXPECT_TRUE(opened.error().what.contains("node 1")) << opened.error().what;
  open(1);
  start(1);
  EXPECT_EQ(write("b"), "2");
}

TEST_F(NodeTest, a_group_is_started_once_and_with_sane_founders) {
  found(1);
  const Result<Group> again = members_[1].node->start(group, {}, std::make_unique<Diary>());
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().fault, Fault::exists);
  GroupSetup setup;
  setup.founders = {{.id = NodeId{1}}, {.id = NodeId{1}}};
  const Result<Group> odd = members_[1].node->start(GroupId{8}, setup, std::make_unique<Diary>());
  ASSERT_FALSE(odd.has_value());
  EXPECT_NE(odd.error().what.find("founders"), std::string::npos);
  EXPECT_EQ(odd.error().fault, Fault::invalid);
}

// What it wrote may be on its way to the disk still, so that nobody can say what it had promised.
TEST_F(NodeTest, a_group_that_has_ended_starts_again_with_the_process_only) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  members_[1].node->end(group);
  const Result<Group> again = members_[1].node->start(group, {}, std::make_unique<Diary>());
  ASSERT_FALSE(again.has_value());
  EXPECT_NE(again.error().what.find("with the process"), std::string::npos);
  members_.clear();
  open(1);
  start(1);
  EXPECT_EQ(write("b"), "2");
}

TEST_F(NodeTest, a_group_whose_commands_the_log_could_not_hold_is_not_started) {
  NodeOptions small = options(1);
  small.log.segment_bytes = 1 << 20;
  small.log.batch_bytes = 64 << 10;
  Result<std::unique_ptr<Node>> node = Node::open(small);
  ASSERT_TRUE(node.has_value()) << node.error().what;
  const Result<Group> mine = (*node)->start(group, {}, std::make_unique<Diary>());
  ASSERT_FALSE(mine.has_value());
  EXPECT_NE(mine.error().what.find("entry_bytes"), std::string::npos);
  EXPECT_EQ(mine.error().fault, Fault::invalid);
}

TEST_F(NodeTest, a_command_that_is_too_large_is_refused_and_nothing_else) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  std::future<Outcome> large = members_[1].group->propose(std::string(9 << 20, 'x'));
  EXPECT_EQ(write("b"), "2");
  const Outcome outcome = large.get();
  ASSERT_TRUE(std::holds_alternative<Refused>(outcome));
  EXPECT_EQ(std::get<Refused>(outcome).why, raft::Refusal::too_large);
}

// An upgrade, node by node, and one that is taken back.
TEST_F(NodeTest, programs_that_speak_different_versions_are_one_cluster) {
  std::map<NodeId, wire::Version> speaks;
  adjust_ = [&](NodeOptions& options) {
    options.newest_version = speaks.try_emplace(options.id, wire::Version{1}).first->second;
  };
  found(3);
  const auto all_speak = [&](std::uint64_t id, wire::Version version) {
    return soon([&] {
      const NodeStatus status = members_.at(id).node->status().get();
      return status.links.size() == 2 &&
             std::ranges::all_of(status.links, [&](const LinkStatus& link) {
               return link.version == std::min(version, speaks.at(link.id));
             });
    });
  };
  const auto restart_with = [&](std::uint64_t id, wire::Version version) {
    members_.erase(id);
    speaks[NodeId{id}] = version;
    open(id);
    start(id);
  };
  std::uint64_t written = 0;
  for (const auto& [id, version] :
       {std::pair(1U, 2), std::pair(2U, 2), std::pair(3U, 2), std::pair(2U, 1)}) {
    ASSERT_EQ(write("before"), std::to_string(++written));
    restart_with(id, static_cast<wire::Version>(version));
    ASSERT_EQ(write("after"), std::to_string(++written));
    for (std::uint64_t each = 1; each <= 3; ++each)
      EXPECT_TRUE(all_speak(each, speaks.at(NodeId{each}))) << each;
  }
  for (std::uint64_t each = 1; each <= 3; ++each)
    EXPECT_EQ(read(each), "before\nafter\nbefore\nafter\nbefore\nafter\nbefore\nafter\n");
}

TEST_F(NodeTest, who_asks_a_group_that_has_ended_is_refused) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  members_[1].node->end(group);
  const Outcome outcome = members_[1].group->propose("b").get();
  ASSERT_TRUE(std::holds_alternative<Refused>(outcome));
  EXPECT_EQ(std::get<Refused>(outcome).why, raft::Refusal::stopped);
}

}  // namespace
}  // namespace bowline

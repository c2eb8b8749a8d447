// SPDX-License-Identifier: Apache-2.0
#include "bowline/client/members.h"

#include <string>

#include <gtest/gtest.h>

namespace bowline::client {
namespace {

using raft::Standing;

// 1 and 2 vote, 3 learns, 4 is on its way out.
wire::GroupReport group() {
  wire::GroupReport report;
  report.group = {7};
  report.members_at = {30};
  const auto add = [&](std::uint64_t id, Standing now, Standing goal) {
    raft::Member member{.id = {id}, .now = now, .goal = goal};
    member.priority = static_cast<std::uint8_t>(100 + id);
    member.address = Text("10.0.0." + std::to_string(id) + ":1");
    member.metadata = Text("rack " + std::to_string(id));
    report.members.members.push_back(member);
  };
  add(1, Standing::voter, Standing::voter);
  add(2, Standing::voter, Standing::voter);
  add(3, Standing::learner, Standing::learner);
  add(4, Standing::learner, Standing::none);
  return report;
}

std::string words(const Result<wire::AskMembers>& ask) {
  if (!ask) return ask.error().what;
  std::string text = "if " + std::to_string(ask->expected->value) + ":";
  for (const raft::Wanted& one : ask->wanted)
    text += " " + std::to_string(one.id.value) + (one.standing == Standing::voter ? "v" : "l") +
            std::to_string(one.priority) + "@" + one.address + "/" + one.metadata;
  return text;
}

const std::string first = " 1v101@10.0.0.1:1/rack 1";
const std::string second = " 2v102@10.0.0.2:1/rack 2";
const std::string third = " 3l103@10.0.0.3:1/rack 3";

TEST(Members, one_more_and_all_others_stay_as_they_are) {
  EXPECT_EQ(
      words(with_member(group(), {.id = {9}, .standing = Standing::learner, .address = "x:9"})),
      "if 30:" + first + second + third + " 9l100@x:9/");
  EXPECT_EQ(words(with_member(group(), {.id = {3}})), "node 3 is a member already");
  EXPECT_EQ(words(with_member(group(), {})), "no node has the id 0");
}

TEST(Members, whoever_is_on_the_way_out_stays_out) {
  EXPECT_EQ(words(without_member(group(), {3})), "if 30:" + first + second);
  EXPECT_EQ(words(without_member(group(), {4})), "node 4 is no member");
}

TEST(Members, a_learner_becomes_a_voter_and_back) {
  EXPECT_EQ(words(with_standing(group(), {3}, Standing::voter)),
            "if 30:" + first + second + " 3v103@10.0.0.3:1/rack 3");
  EXPECT_EQ(words(with_standing(group(), {2}, Standing::learner)),
            "if 30:" + first + " 2l102@10.0.0.2:1/rack 2" + third);
  EXPECT_EQ(words(with_standing(group(), {1}, Standing::voter)), "node 1 is that already");
  EXPECT_EQ(words(with_standing(group(), {9}, Standing::voter)), "node 9 is no member");
}

TEST(Members, what_was_seen_before_counts_if_it_is_given) {
  EXPECT_EQ(words(without_member(group(), {3}, Index{12})), "if 12:" + first + second);
}

TEST(Members, a_group_keeps_a_voter) {
  wire::GroupReport one = group();
  one.members.members.resize(1);
  const std::string why = "the group would have no voter, or more members than there may be";
  EXPECT_EQ(words(without_member(one, {1})), why);
  EXPECT_EQ(words(with_standing(one, {1}, Standing::learner)), why);
}

TEST(Members, all_of_them_are_as_they_are_wanted) {
  const raft::Wanted one{.id = {1}, .address = "x:1"};
  const raft::Wanted nine{.id = {9}, .standing = Standing::learner, .address = "x:9"};
  EXPECT_EQ(words(with_members(group(), {nine, one})), "if 30: 1v100@x:1/ 9l100@x:9/");
  EXPECT_EQ(words(with_members(group(), {one}, Index{12})), "if 12: 1v100@x:1/");
  EXPECT_EQ(words(with_members(group(), {one, nine, one})), "node 1 is named twice");
  EXPECT_EQ(words(with_members(group(), {one, {.id = {}, .address = "x:0"}})),
            "no node has the id 0");
  EXPECT_EQ(words(with_members(group(), {one, {.id = {2}}})),
            "node 2 has no address: say where it listens");
  EXPECT_TRUE(words(with_members(group(), {nine})).contains("no voter"));
  EXPECT_TRUE(words(with_members(group(), {})).contains("no voter"));
}

}  // namespace
}  // namespace bowline::client

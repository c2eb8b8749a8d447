// SPDX-License-Identifier: Apache-2.0
#include "bowline/client/route.h"

#include <gtest/gtest.h>

namespace bowline::client {
namespace {

constexpr GroupId group{7};

wire::GroupReport report(std::uint64_t leader) {
  wire::GroupReport said;
  said.group = group;
  said.leader = {leader};
  for (std::uint64_t id = 1; id <= 3; ++id)
    said.members.members.push_back(
        {.id = {id}, .address = Text(std::string(1, static_cast<char>('a' + id - 1)) + ":1")});
  return said;
}

TEST(Route, without_a_leader_each_peer_is_asked_in_turn) {
  Route route({"a:1", "b:1"});
  EXPECT_EQ(route.next(group), "a:1");
  EXPECT_EQ(route.next(group), "b:1");
  EXPECT_EQ(route.next(group), "a:1");
}

TEST(Route, whoever_leads_is_asked_until_it_fails) {
  Route route({"a:1"});
  route.leads(group, "b:1");
  EXPECT_EQ(route.next(group), "b:1");
  EXPECT_EQ(route.next(group), "b:1");
  EXPECT_EQ(route.next(GroupId{8}), "a:1");
  route.failed(group, "a:1");  // an old try, at another one
  EXPECT_EQ(route.next(group), "b:1");
  route.failed(group, "b:1");
  EXPECT_EQ(route.next(group), "a:1");
  EXPECT_EQ(route.next(group), "b:1");  // it is still known
}

TEST(Route, a_report_names_the_members_and_who_leads) {
  Route route({"a:1"});
  route.learn(report(0));
  EXPECT_EQ(route.peers(), (std::vector<std::string>{"a:1", "b:1", "c:1"}));
  route.learn(report(3));
  EXPECT_EQ(route.next(group), "c:1");
}

TEST(Route, nobody_makes_it_remember_without_end) {
  Route route({"a:1"});
  for (int i = 0; i < 5000; ++i) route.leads(group, "x:" + std::to_string(i));
  EXPECT_LE(route.peers().size(), 1024U);
}

}  // namespace
}  // namespace bowline::client

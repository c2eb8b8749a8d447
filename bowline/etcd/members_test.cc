// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/members.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace bowline::etcd {
namespace {

const std::optional<Wrong> no_fault;

raft::Wanted member(std::uint64_t id, bool started = true,
                    raft::Standing standing = raft::Standing::voter) {
  const std::string url = "http://a:" + std::to_string(id);
  return {.id = {id},
          .standing = standing,
          .address = "a:" + std::to_string(id),
          .metadata = to_metadata({started ? "m" + std::to_string(id) : "", {url}, {}})};
}

class MembersTest : public testing::Test {
 public:
  template <class Request>
  std::optional<Wrong> with_url(Request request, const std::string& url) {
    if (!url.empty()) request.add_peerurls(url);
    return apply(all, request, rules);
  }
  std::optional<Wrong> add(const std::string& url, bool learner = false) {
    etcdserverpb::MemberAddRequest request;
    request.set_islearner(learner);
    return with_url(request, url);
  }
  std::optional<Wrong> remove(std::uint64_t id) {
    etcdserverpb::MemberRemoveRequest request;
    request.set_id(id);
    return apply(all, request, rules);
  }
  std::optional<Wrong> update(std::uint64_t id, const std::string& url) {
    etcdserverpb::MemberUpdateRequest request;
    request.set_id(id);
    return with_url(request, url);
  }
  std::optional<Wrong> promote(std::uint64_t id) {
    etcdserverpb::MemberPromoteRequest request;
    request.set_id(id);
    return apply(all, request, rules);
  }

  WantedMembers all{member(1), member(2), member(3)};
  std::set<NodeId> down;
  bool synced = true;
  MemberRules rules{.token = "t",
                    .is_up = [this](NodeId id) { return !down.contains(id); },
                    .in_sync = [this](NodeId) { return synced; }};
};

TEST_F(MembersTest, who_is_added_has_an_id_made_of_its_urls) {
  EXPECT_EQ(add("http://b:1"), no_fault);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[3].id, member_id({"http://b:1"}, "t"));
  EXPECT_EQ(all[3].address, "b:1");
  EXPECT_EQ(all[3].standing, raft::Standing::voter);
}

TEST_F(MembersTest, urls_have_to_be_good_and_new) {
  EXPECT_EQ(add(""), Wrong::bad_member_urls);
  EXPECT_EQ(add("b:1"), Wrong::bad_member_urls);
  EXPECT_EQ(add("http://a:2"), Wrong::peer_urls_exist);
  EXPECT_EQ(update(1, ""), Wrong::bad_member_urls);
  EXPECT_EQ(update(1, "http://a:2"), Wrong::peer_urls_exist);
  EXPECT_EQ(update(9, "http://b:2"), Wrong::member_not_found);
  EXPECT_EQ(update(1, "http://a:1"), no_fault);
  EXPECT_EQ(update(1, "http://b:1"), no_fault);
  EXPECT_EQ(all[0].address, "b:1");
  EXPECT_EQ(names_in(all[0].metadata)->name, "m1");
}

TEST_F(MembersTest, there_are_only_so_many_learners) {
  EXPECT_EQ(add("http://b:1", true), no_fault);
  EXPECT_EQ(add("http://b:2", true), Wrong::too_many_learners);
  rules.most_learners = 2;
  EXPECT_EQ(add("http://b:2", true), no_fault);
}

TEST_F(MembersTest, a_voter_is_added_only_if_those_that_run_stay_a_quorum) {
  all = {member(1)};
  EXPECT_EQ(add("http://b:1"), no_fault);
  EXPECT_EQ(add("http://b:2"), Wrong::not_enough_started);
  EXPECT_EQ(add("http://b:2", true), no_fault);
  rules.strict = false;
  EXPECT_EQ(add("http://b:3"), no_fault);
}

TEST_F(MembersTest, no_voter_is_added_while_another_is_away) {
  down = {{2}};
  EXPECT_EQ(add("http://b:1"), Wrong::unhealthy_cluster);
  EXPECT_EQ(add("http://b:1", true), no_fault);
}

TEST_F(MembersTest, no_voter_leaves_that_the_others_need) {
  EXPECT_EQ(remove(9), Wrong::member_not_found);
  down = {{2}};
  EXPECT_EQ(remove(1), Wrong::unhealthy_cluster);
  EXPECT_EQ(remove(2), no_fault);
  all = {member(1), member(2, false), member(3, false)};
  EXPECT_EQ(remove(1), Wrong::not_enough_started);
  all = {member(1)};
  EXPECT_EQ(remove(1), Wrong::not_enough_started);
  rules.strict = false;
  EXPECT_EQ(remove(1), Wrong::not_enough_started);
}

TEST_F(MembersTest, a_learner_leaves_when_it_likes) {
  all.push_back(member(4, false, raft::Standing::learner));
  down = {{2}, {3}};
  EXPECT_EQ(remove(4), no_fault);
}

TEST_F(MembersTest, only_a_learner_that_has_caught_up_is_promoted) {
  all.push_back(member(4, true, raft::Standing::learner));
  EXPECT_EQ(promote(9), Wrong::member_not_found);
  EXPECT_EQ(promote(1), Wrong::not_a_learner);
  synced = false;
  EXPECT_EQ(promote(4), Wrong::learner_not_ready);
  synced = true;
  EXPECT_EQ(promote(4), no_fault);
  EXPECT_EQ(all[3].standing, raft::Standing::voter);
}

TEST_F(MembersTest, a_member_says_its_name_and_where_clients_call) {
  all[1] = member(2, false);
  etcdserverpb::Member says;
  says.set_id(2);
  says.set_name("two");
  says.add_clienturls("http://c:2");
  EXPECT_EQ(apply(all, says, rules), no_fault);
  EXPECT_EQ(names_in(all[1].metadata), (MemberNames{"two", {"http://a:2"}, {"http://c:2"}}));
  says.set_id(9);
  EXPECT_EQ(apply(all, says, rules), Wrong::member_not_found);
}

}  // namespace
}  // namespace bowline::etcd

// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/names.h"

#include <cstdio>
#include <string>

#include <gtest/gtest.h>

#include "bowline/etcd/digests.h"

namespace bowline::etcd {
namespace {

std::string hex(std::string_view text) {
  std::string out;
  for (const std::uint8_t byte : sha1(text)) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    out += two;
  }
  return out;
}

TEST(Names, sums_are_those_of_the_standard) {
  EXPECT_EQ(hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(hex(std::string(1'000'000, 'a')), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

// Tests of others know these by heart.
TEST(Names, ids_are_those_that_etcd_would_give) {
  const NodeId alone = member_id({"http://localhost:2380"}, "etcd-cluster");
  EXPECT_EQ(alone.value, 0x8e9e05c52164694dU);
  EXPECT_EQ(cluster_id({alone}).value, 0xcdf818194e3a8c32U);
  EXPECT_EQ(member_id({"http://b:1", "http://a:1"}, "t"),
            member_id({"http://a:1", "http://b:1"}, "t"));
  EXPECT_NE(member_id({"http://a:1"}, "t"), member_id({"http://a:1"}, "u"));
  EXPECT_EQ(cluster_id({{1}, {2}}), cluster_id({{2}, {1}}));
}

TEST(Names, metadata_keeps_whatever_is_in_a_name) {
  const MemberNames names{"a;b=c%d \n\xc3\xa4", {"http://a:1", "http://b:2"}, {"http://c:3"}};
  const auto back = names_in(to_metadata(names));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, names);
  EXPECT_EQ(names_in(""), MemberNames{});
  EXPECT_FALSE(names_in("name=%4"));
  EXPECT_FALSE(names_in("name=%zz"));
  EXPECT_FALSE(names_in("nothing"));
  EXPECT_EQ(names_in("name=a;later=1")->name, "a");
}

TEST(Names, only_what_can_be_called_is_an_address) {
  EXPECT_EQ(address_of("http://127.0.0.1:2380"), "127.0.0.1:2380");
  EXPECT_EQ(address_of("https://[::1]:2380/"), "[::1]:2380");
  for (const char* bad : {"", "127.0.0.1:2380", "http://a", "http://:1", "http://a:", "http://a:b",
                          "unix://a:1", "http://a:1/path"})
    EXPECT_FALSE(address_of(bad)) << bad;
}

TEST(Names, a_member_says_its_address_until_it_has_said_more) {
  raft::Member member;
  member.id = {7};
  member.address = Text("a:1");
  member.now = raft::Standing::learner;
  member.goal = raft::Standing::learner;
  etcdserverpb::Member out;
  fill(out, member);
  EXPECT_EQ(out.id(), 7U);
  EXPECT_EQ(out.peerurls(0), "http://a:1");
  EXPECT_TRUE(out.islearner());
  EXPECT_EQ(out.name(), "");
  member.goal = raft::Standing::voter;
  fill(out, member);
  EXPECT_FALSE(out.islearner());
}

}  // namespace
}  // namespace bowline::etcd

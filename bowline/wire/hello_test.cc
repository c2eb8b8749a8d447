// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/hello.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::wire {
namespace {

Hello hello(std::uint64_t self, std::uint64_t wanted = 0) {
  return {.self = {self},
          .wanted = {wanted},
          .disk = {100 + self},
          .boot = 17,
          .cluster = {5},
          .shard = 1,
          .shards = 4,
          .purpose = Purpose::snapshots,
          .name = "north",
          .address = "10.0.0.1:2380",
          .cluster_name = "prod"};
}

Frame only(const std::string& bytes) {
  FrameReader reader(most_hello_bytes);
  std::vector<Frame> whole;
  EXPECT_TRUE(reader.feed(bytes, whole));
  EXPECT_EQ(whole.size(), 1U);
  return whole.at(0);
}

std::string why_not(const Hello& here, const Hello& there) {
  const Result<Ways> ways = agree(here, there);
  return ways ? "" : ways.error().what;
}

TEST(Hello, comes_out_as_it_went_in) {
  const Result<Hello> found = hello_in(only(frame_of(hello(1, 2))));
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(*found, hello(1, 2));
}

TEST(Hello, of_version_1_names_no_cluster) {
  Hello old = hello(1);
  old.newest = 1;
  const Frame frame = only(frame_of(old));
  EXPECT_FALSE(frame.body->contains("prod"));
  Result<Hello> found = hello_in(frame);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->cluster_name, "");
  EXPECT_EQ(why_not(hello(2), *found), "");
  // What is behind it is of no concern to whoever speaks version 1.
  std::string bytes = frame_of(old) + "and what is new";
  end_frame(bytes);
  found = hello_in(only(bytes));
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->cluster_name, "");
}

TEST(Hello, of_a_later_version_may_say_more) {
  std::string bytes = frame_of(hello(1));
  bytes += "and what is new";
  end_frame(bytes);
  const Result<Hello> found = hello_in(only(bytes));
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->self, NodeId{1});
}

TEST(Hello, that_makes_no_sense_is_refused) {
  const std::string whole = *only(frame_of(hello(1))).body;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::string bytes = begin_frame(FrameKind::hello) + whole.substr(0, size);
    end_frame(bytes);
    EXPECT_FALSE(hello_in(only(bytes))) << size;
  }
  EXPECT_FALSE(hello_in(only(refusal_frame("no"))));
  for (const Hello& bad :
       {hello(0), Hello{.self = {1}}, Hello{.self = {1}, .disk = {1}, .shard = 1},
        Hello{.oldest = 2, .newest = 1, .self = {1}, .disk = {1}}})
    EXPECT_FALSE(hello_in(only(frame_of(bad))));
}

TEST(Hello, both_sides_agree_on_what_letters_need_not_say) {
  Hello here = hello(1, 2);
  Hello there = hello(2);
  there.cluster = {};
  const Result<Ways> ways = agree(here, there);
  const Result<Ways> back = agree(there, here);
  ASSERT_TRUE(ways && back);
  EXPECT_EQ(ways->out.from, Incarnation{101});
  EXPECT_EQ(ways->out.to, Incarnation{102});
  for (const auto& [out, in] : {std::pair(ways->out, back->in), std::pair(back->out, ways->in)}) {
    EXPECT_EQ(out.version, in.version);
    EXPECT_EQ(out.cluster, in.cluster);
    EXPECT_EQ(out.from, in.from);
    EXPECT_EQ(out.to, in.to);
  }
  EXPECT_EQ(ways->out.cluster, ClusterId{5});
}

TEST(Hello, the_newest_version_that_both_speak_is_spoken) {
  Hello old = hello(1);
  Hello fresh = hello(2);
  old.oldest = 1;
  old.newest = 3;
  fresh.oldest = 2;
  fresh.newest = 9;
  EXPECT_EQ(agree(old, fresh)->out.version, 3);
  EXPECT_EQ(agree(fresh, old)->in.version, 3);
  fresh.oldest = 4;
  EXPECT_EQ(why_not(old, fresh),
            "node 2 (north) speaks the versions 4 to 9 of the protocol, and node 1 the versions 1 "
            "to 3. Upgrade the older one, by way of a release that speaks both");
  EXPECT_FALSE(agree(fresh, old));
}

TEST(Hello, who_does_not_belong_here_is_told_so) {
  EXPECT_TRUE(why_not(hello(1), hello(1)).contains("two nodes with the id 1"));
  EXPECT_TRUE(why_not(hello(1), hello(2, 3)).contains("this is node 1, and not node 3"));
  EXPECT_TRUE(why_not(hello(1, 3), hello(2)).contains("at that address is node 2 (north)"));
  Hello other = hello(2);
  other.cluster = {6};
  EXPECT_TRUE(why_not(hello(1), other).contains("is of cluster 6, and node 1 of cluster 5"));
  other = hello(2);
  other.cluster_name = "test";
  EXPECT_TRUE(why_not(hello(1), other).contains("is of the cluster test, and node 1 of prod"));
  other.cluster_name = "";
  EXPECT_EQ(why_not(hello(1), other), "");
  EXPECT_EQ(why_not(other, hello(1)), "");
  other = hello(2);
  other.shards = 8;
  EXPECT_TRUE(why_not(hello(1), other).contains("has 8 shards, and node 1 has 4"));
}

TEST(Hello, only_the_side_that_connects_says_what_for) {
  Hello accepts = hello(2);
  accepts.purpose = Purpose::letters;
  EXPECT_EQ(why_not(hello(1), accepts), "");
  EXPECT_EQ(why_not(accepts, hello(1)), "");
  Hello later = hello(1);
  later.purpose = static_cast<Purpose>(3);
  EXPECT_EQ(
      why_not(accepts, *hello_in(only(frame_of(later)))),
      "node 1 (north) connects for a purpose that node 2 does not know. Upgrade the older one "
      "first");
}

TEST(Hello, an_operator_is_no_node) {
  const Hello admin{.purpose = Purpose::admin, .name = "anna", .cluster_name = "prod"};
  const Result<Hello> found = hello_in(only(frame_of(admin)));
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(why_not(hello(2), *found), "");
  EXPECT_EQ(why_not(*found, hello(2)), "");
  for (const Hello& bad : {Hello{.self = {1}, .purpose = Purpose::admin},
                           Hello{.disk = {1}, .purpose = Purpose::admin},
                           Hello{.self = {1}, .disk = {1}, .purpose = Purpose::admin}})
    EXPECT_FALSE(hello_in(only(frame_of(bad))));
  Hello old = hello(2);
  old.newest = 1;
  const std::string why =
      "node 2 (north) speaks version 1 of the protocol only, in which nobody can administer it. "
      "Upgrade it first";
  EXPECT_EQ(why_not(admin, old), why);
  EXPECT_EQ(why_not(old, admin), why);
  Hello other = hello(2);
  other.cluster_name = "test";
  EXPECT_TRUE(why_not(other, admin).contains("an operator (anna) is of the cluster prod"));
}

TEST(Hello, a_refusal_is_a_sentence_that_can_be_printed) {
  EXPECT_EQ(refusal_in(only(refusal_frame("no\x1b[31m way"))), "no?[31m way");
  EXPECT_LE(refusal_in(only(refusal_frame(std::string(3000, 'x')))).size(), 1024U);
}

}  // namespace
}  // namespace bowline::wire

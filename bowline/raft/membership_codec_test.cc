// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/membership_codec.h"

#include <string>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"

namespace bowline::raft {
namespace {

Membership any(Prng& prng) {
  Membership membership{{prng.next()}, {}};
  std::uint64_t id = 0;
  for (std::uint64_t n = 1 + prng.below(6); n > 0; --n) {
    Member member;
    member.id = {id += 1 + prng.below(1000)};
    member.incarnation = {prng.next()};
    member.outgoing = prng.chance(50);
    member.now = prng.chance(30) ? Standing::learner : Standing::voter;
    if (member.outgoing && prng.chance(30)) member.now = Standing::none;
    member.goal = static_cast<Standing>(prng.below(3));
    member.staged = prng.chance(30);
    member.priority = static_cast<std::uint8_t>(prng.below(256));
    member.address = Text(std::string(prng.below(20), 'a'));
    member.metadata = Text(std::string(prng.below(20), '\0'));
    membership.members.push_back(member);
  }
  membership.members.front().now = membership.members.front().goal = Standing::voter;
  return membership;
}

// The bytes are in the logs of all machines: they must never change by accident.
TEST(MembershipCodec, has_a_layout_that_stays) {
  Membership membership{{0x0102}, {}};
  membership.members.push_back({.id = {1}, .incarnation = {0xff}, .address = Text("ab")});
  membership.members.push_back({.id = {2},
                                .now = Standing::learner,
                                .goal = Standing::voter,
                                .staged = true,
                                .priority = 7,
                                .metadata = Text("m")});
  const std::string expected(
      "\x01"
      "\x02\x01\0\0\0\0\0\0"
      "\x02"
      "\x01\0\0\0\0\0\0\0"
      "\xff\0\0\0\0\0\0\0"
      "\x02\x02\0\x64"
      "\x02\0ab"
      "\0\0"
      "\x02\0\0\0\0\0\0\0"
      "\0\0\0\0\0\0\0\0"
      "\x01\x02\x02\x07"
      "\0\0"
      "\x01\0m",
      1 + 8 + 1 + 8 + 8 + 4 + 4 + 2 + 8 + 8 + 4 + 2 + 3);
  EXPECT_EQ(encode(membership).view(), expected);
  const MembershipPtr back = decode_membership(expected);
  ASSERT_NE(back, nullptr);
  EXPECT_EQ(*back, membership);
}

TEST(MembershipCodec, gives_back_what_it_was_given) {
  Prng prng(5);
  for (int i = 0; i < 500; ++i) {
    const Membership membership = any(prng);
    ASSERT_TRUE(sane(membership));
    const MembershipPtr back = decode_membership(encode(membership).view());
    ASSERT_NE(back, nullptr);
    ASSERT_EQ(*back, membership);
  }
}

TEST(MembershipCodec, refuses_every_part_and_every_surplus) {
  Prng prng(6);
  for (int i = 0; i < 50; ++i) {
    const Bytes whole = encode(any(prng));
    for (std::size_t size = 0; size < whole.size(); ++size)
      ASSERT_EQ(decode_membership(whole.view().substr(0, size)), nullptr) << size;
    ASSERT_EQ(decode_membership(std::string(whole.view()) + '\0'), nullptr);
  }
}

TEST(MembershipCodec, refuses_another_version) {
  Prng prng(7);
  std::string bytes(encode(any(prng)).view());
  bytes[0] = 2;
  EXPECT_EQ(decode_membership(bytes), nullptr);
}

// Whatever comes back from damaged bytes is sane, and those bytes are the only ones that mean it.
TEST(MembershipCodec, survives_any_bytes) {
  Prng prng(8);
  std::size_t understood = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(encode(any(prng)).view());
    for (std::uint64_t n = 1 + prng.below(4); n > 0; --n)
      bytes[prng.below(bytes.size())] = static_cast<char>(prng.next());
    if (prng.chance(20)) bytes.resize(prng.below(bytes.size()) + 1);
    const MembershipPtr back = decode_membership(bytes);
    if (back == nullptr) continue;
    ++understood;
    ASSERT_TRUE(sane(*back));
    ASSERT_EQ(encode(*back).view(), bytes);
  }
  EXPECT_GT(understood, 100U);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(prng.below(80), '\0');
    for (char& c : bytes) c = static_cast<char>(prng.next());
    if (!bytes.empty()) bytes[0] = 1;
    const MembershipPtr back = decode_membership(bytes);
    ASSERT_TRUE(back == nullptr || sane(*back));
  }
}

}  // namespace
}  // namespace bowline::raft

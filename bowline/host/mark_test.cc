// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/mark.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace bowline::host {
namespace {

raft::Base some_base() {
  raft::Membership members;
  members.cluster = ClusterId{5};
  members.members = {{.id = NodeId{1}, .address = Text("here:1"), .metadata = {}}};
  return {{Term{3}, Index{700}},
          std::make_shared<const raft::Membership>(members),
          Index{650},
          Term{4}};
}

TEST(Mark, comes_back_as_it_was) {
  const raft::Base base = some_base();
  const Result<raft::Base> back = decode_mark(GroupId{7}, encode_mark(GroupId{7}, base));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->id, base.id);
  EXPECT_EQ(*back->membership, *base.membership);
  EXPECT_EQ(back->membership_index, base.membership_index);
  EXPECT_EQ(back->known_in, base.known_in);
}

TEST(Mark, of_another_group_is_refused) {
  const Result<raft::Base> back = decode_mark(GroupId{8}, encode_mark(GroupId{7}, some_base()));
  ASSERT_FALSE(back.has_value());
  EXPECT_NE(back.error().what.find("of group 7, not of 8"), std::string::npos);
}

TEST(Mark, cut_short_or_longer_is_none) {
  const std::string mark = encode_mark(GroupId{7}, some_base());
  for (std::size_t bytes = 0; bytes < mark.size(); ++bytes)
    EXPECT_FALSE(decode_mark(GroupId{7}, mark.substr(0, bytes)).has_value()) << bytes;
  EXPECT_FALSE(decode_mark(GroupId{7}, mark + "x").has_value());
}

TEST(Mark, of_a_membership_that_is_yet_to_come_is_none) {
  raft::Base base = some_base();
  base.membership_index = Index{701};
  EXPECT_FALSE(decode_mark(GroupId{7}, encode_mark(GroupId{7}, base)).has_value());
}

}  // namespace
}  // namespace bowline::host

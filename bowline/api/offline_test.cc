// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/offline.h"

#include "bowline/api/test_node.h"

namespace bowline {
namespace {

using OfflineTest = NodeTest;
constexpr ClusterId anew{99};

runtime::DiskOptions cached() {
  runtime::DiskOptions options;
  options.direct = false;  // a temporary directory may not have it
  return options;
}

host::GroupOptions told() {
  host::GroupOptions options;
  options.cluster = anew;
  return options;
}

TEST_F(OfflineTest, the_last_survivor_goes_on_alone_after_it_was_stopped) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  ASSERT_EQ(read(1), "a\n");
  members_.clear();
  const Result<ForcedAlone> forced = recover_offline(place_ + "/1", group, anew, cached());
  ASSERT_TRUE(forced.has_value()) << forced.error().what;
  EXPECT_EQ(forced->node, NodeId{1});
  EXPECT_EQ(forced->before.members.size(), 3U);
  EXPECT_EQ(forced->at, forced->last.index.next());
  open(1);
  start(1, told());
  EXPECT_EQ(write("b"), "2");
  EXPECT_EQ(read(1), "a\nb\n");
  const GroupStatus status = members_[1].group->status().get();
  EXPECT_EQ(status.members.cluster, anew);
  ASSERT_EQ(status.members.members.size(), 1U);
}

// Its snapshot is newer than most of its log, and stays its state.
TEST_F(OfflineTest, a_snapshot_is_not_touched) {
  host::GroupOptions options;
  options.keep_entries = 0;
  found(2, options);
  for (int i = 1; i <= 5; ++i) ASSERT_EQ(write("x"), std::to_string(i));
  ASSERT_EQ(read(1), "x\nx\nx\nx\nx\n");
  ASSERT_TRUE(members_[1].group->snapshot().get().has_value());
  members_.clear();
  ASSERT_TRUE(recover_offline(place_ + "/1", group, anew, cached()).has_value());
  open(1);
  start(1, told());
  EXPECT_EQ(write("y"), "6");
}

TEST_F(OfflineTest, those_that_were_given_up_cannot_come_back_unasked) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  ASSERT_EQ(read(1), "a\n");
  members_.clear();
  ASSERT_TRUE(recover_offline(place_ + "/1", group, anew, cached()).has_value());
  for (std::uint64_t id = 1; id <= 3; ++id) open(id);
  start(1, told());
  start(2);
  start(3);
  // Two of the old ones still are what they were; and the one that left them has gone on.
  ASSERT_TRUE(
      soon([&] { return std::holds_alternative<Applied>(members_[1].group->propose("b").get()); }));
  const Term term = members_[1].group->status().get().term;
  ASSERT_TRUE(soon([&] { return members_[2].group->status().get().leader.value > 1; }));
  EXPECT_EQ(members_[1].group->status().get().term, term);
  EXPECT_EQ(read(2), "a\n");
  EXPECT_EQ(read(1), "a\nb\n");
}

TEST_F(OfflineTest, what_cannot_be_is_said) {
  const auto why = [&](const std::string& where, GroupId of, ClusterId name) {
    const Result<ForcedAlone> forced = recover_offline(where, of, name, cached());
    return forced ? std::string("it was done") : forced.error().what;
  };
  const auto says = [](const std::string& text, const std::string& words) {
    EXPECT_NE(text.find(words), std::string::npos) << text;
  };
  says(why(place_ + "/1", group, anew), "is this a node's log?");
  found(1);
  ASSERT_EQ(write("a"), "1");
  says(why(place_ + "/1", group, anew), "in use");
  members_.clear();
  says(why(place_ + "/1", GroupId{8}, anew), "there is no group 8 in this log");
  says(why(place_ + "/1", group, ClusterId{}), "must not be 0");
  ASSERT_EQ(why(place_ + "/1", group, anew), "it was done");
  says(why(place_ + "/1", group, anew), "give it a new name");
}

}  // namespace
}  // namespace bowline

// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/offline.h"

#include <set>

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

// ---- founding

class FoundOfflineTest : public NodeTest {
 protected:
  Result<raft::Membership> found_at(std::uint64_t id, GroupId of = group) {
    return found_offline(place_ + "/" + std::to_string(id), NodeId{id}, of, founders_, cluster_,
                         cached());
  }
  // Who they are is known before any of them starts.
  void name_founders(std::uint64_t count) {
    for (std::uint64_t id = 1; id <= count; ++id) open(id);
    for (const auto& [id, address] : addresses_)
      founders_.push_back({.id = NodeId{id}, .address = address});
    members_.clear();
    for (std::uint64_t id = 1; id <= count; ++id)
      std::filesystem::remove_all(place_ + "/" + std::to_string(id));
    adjust_setup_ = [](std::uint64_t, GroupSetup& setup) { setup.founders.clear(); };
  }
  std::string why(const Result<raft::Membership>& founded, Fault fault) {
    if (founded) return "it was founded";
    EXPECT_EQ(founded.error().fault, fault);
    return founded.error().what;
  }

  std::vector<raft::Wanted> founders_;
  ClusterId cluster_;
};

TEST_F(FoundOfflineTest, a_group_is_there_when_its_nodes_start) {
  name_founders(3);
  cluster_ = ClusterId{5};
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const Result<raft::Membership> founded = found_at(id);
    ASSERT_TRUE(founded.has_value()) << founded.error().what;
    EXPECT_EQ(founded->voters(), 3U);
  }
  for (std::uint64_t id = 1; id <= 3; ++id) open(id);
  for (std::uint64_t id = 1; id <= 3; ++id) start(id);
  EXPECT_EQ(write("a"), "1");
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(read(id), "a\n");
  EXPECT_EQ(members_[1].group->status().get().members.cluster, cluster_);
  std::set<Incarnation> lives;
  for (auto& [id, member] : members_) {
    std::promise<Incarnation> life;
    member.group->with(
        [&](host::Replica* replica) { life.set_value(replica->core().incarnation()); });
    lives.insert(life.get_future().get());
  }
  EXPECT_EQ(lives.size(), 3U) << "no disk may be taken for another";
}

// Each way is the same founding: of two disks one was prepared.
TEST_F(FoundOfflineTest, those_that_were_founded_in_one_way_and_the_other_are_one_group) {
  name_founders(2);
  ASSERT_TRUE(found_at(1).has_value());
  adjust_setup_ = {};
  for (std::uint64_t id = 1; id <= 2; ++id) open(id);
  for (std::uint64_t id = 1; id <= 2; ++id) start(id);
  EXPECT_EQ(write("a"), "1");
  EXPECT_EQ(read(1), "a\n");
  EXPECT_EQ(read(2), "a\n");
}

TEST_F(FoundOfflineTest, what_is_there_is_not_founded_again) {
  name_founders(1);
  ASSERT_TRUE(found_at(1).has_value());
  EXPECT_NE(why(found_at(1), Fault::exists).find("a group 7 on this disk already"),
            std::string::npos);
  EXPECT_TRUE(found_at(1, GroupId{8}).has_value());
  open(1);
  start(1);
  EXPECT_EQ(write("a"), "1");
  members_.clear();
  EXPECT_NE(why(found_at(1), Fault::exists), "");
}

TEST_F(FoundOfflineTest, what_cannot_be_is_said) {
  name_founders(2);
  const auto says = [](const std::string& text, const std::string& words) {
    EXPECT_NE(text.find(words), std::string::npos) << text;
  };
  says(why(found_at(3), Fault::invalid), "node 3 must be one of them");
  EXPECT_FALSE(std::filesystem::exists(place_ + "/3"));
  ASSERT_TRUE(found_at(1).has_value());
  const Result<raft::Membership> of_another =
      found_offline(place_ + "/1", NodeId{2}, GroupId{8}, founders_, {}, cached());
  ASSERT_FALSE(of_another.has_value());
  says(of_another.error().what, "node 1");
  founders_.push_back(founders_.front());
  says(why(found_at(2), Fault::invalid), "founders: each needs an id of its own");
  founders_.clear();
  says(why(found_at(2), Fault::invalid), "must be one of them");
}

}  // namespace
}  // namespace bowline

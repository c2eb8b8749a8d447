// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <filesystem>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/serve_rig.h"

// A member whose data are gone is removed and comes back as another one, at the same address.
namespace bowline::apps {
namespace {

class ReplacedTest : public TrioTest {
 protected:
  // Writes on and on to the first member, which stays.
  void write_meanwhile() {
    writer_ = std::thread([this] {
      for (; !ends_; ++written_) {
        const std::string said = ask(0, "put written " + std::to_string(written_));
        if (said != "OK\n") ADD_FAILURE() << said;
      }
    });
  }
  // The last number that was written.
  std::string write_no_more() {
    ends_ = true;
    writer_.join();
    return std::to_string(written_ - 1) + "\n";
  }
  void TearDown() override {
    ends_ = true;
    if (writer_.joinable()) writer_.join();
  }
  // Whoever leads hands it over to that one.
  void lead(std::size_t i) {
    const std::size_t before = leader();
    ASSERT_LT(before, 3);
    if (before == i) return;
    const std::string said = ask(before, "move-leader " + id_of(i));
    EXPECT_TRUE(said.contains("Leadership transferred")) << said;
  }
  std::string id_of(std::size_t i) {
    std::smatch id;
    const std::string members = ask(0, "member list");
    const std::regex row("([0-9a-f]+), started, n" + std::to_string(i) + ",");
    if (!std::regex_search(members, id, row)) ADD_FAILURE() << members;
    return id[1];
  }
  void replace_in_the_list(std::size_t i, const std::string& id) {
    EXPECT_TRUE(ask(0, "member remove " + id).contains("removed"));
    const std::string added =
        ask(0, "member add n" + std::to_string(i) + " --peer-urls=" + url(ports_[3 + i]));
    EXPECT_TRUE(added.contains(" added to cluster")) << added;
  }
  // As it was, but with other data.
  Process joined(std::size_t i, const std::string& directory) const {
    std::vector<std::string> as = words(i);
    as.emplace_back("--initial-cluster-state=existing");
    as.push_back("--data-dir=" + scratch.at(directory));
    return std::make_unique<ServedProcess>(as);
  }
  static bool refuses(ServedProcess& process, const std::string& why) {
    EXPECT_FALSE(process.is_ready()) << process.said();
    if (process.is_ready()) return false;
    EXPECT_TRUE(process.said().contains(why)) << process.said();
    return process.wait() == 1;
  }

  std::thread writer_;
  std::atomic<bool> ends_ = false;
  std::atomic<int> written_ = 0;
};

TEST_F(ReplacedTest, a_member_that_lost_its_data_is_replaced_while_the_others_serve) {
  EXPECT_EQ(ask(0, "put before 1"), "OK\n");
  const std::string id = id_of(2);
  // Of the writes that a killed leader had, nobody could tell.
  lead(0);
  write_meanwhile();
  members_[2]->kill();
  // With nothing it is not the member that they know.
  const Process emptied = joined(2, "emptied");
  EXPECT_TRUE(refuses(*emptied, "the other members know this one with other data"));
  replace_in_the_list(2, id);
  members_[2] = joined(2, "other");
  ASSERT_TRUE(members_[2]->is_ready()) << members_[2]->said();
  EXPECT_EQ(ask(2, "get before --print-value-only"), "1\n");
  const std::string last = write_no_more();
  EXPECT_EQ(ask(2, "get written --print-value-only"), last);
  EXPECT_TRUE(ask(1, "member list").contains(", started, n2, " + url(ports_[5])));
  // Two of three are enough, and it is one of the two.
  members_[1]->kill();
  EXPECT_EQ(ask(2, "put after 1"), "OK\n");
  start(1);
  // What it was before is nobody any more.
  members_[2]->kill();
  const Process old = joined(2, "n2");
  EXPECT_TRUE(refuses(*old, "is of before the member was replaced"));
  EXPECT_EQ(ask(0, "put without 1"), "OK\n");
  members_[2] = joined(2, "other");
  ASSERT_TRUE(members_[2]->is_ready()) << members_[2]->said();
  EXPECT_EQ(ask(2, "get without --print-value-only"), "1\n");
}

TEST_F(ReplacedTest, a_member_that_was_there_when_it_was_removed_comes_back_only_as_another) {
  const std::string id = id_of(2);
  lead(2);
  write_meanwhile();
  EXPECT_TRUE(ask(0, "member remove " + id).contains("removed"));
  EXPECT_EQ(members_[2]->wait(), 0);
  const Process again = joined(2, "n2");
  EXPECT_TRUE(refuses(*again, "is of a member that was removed from its cluster"));
  EXPECT_TRUE(ask(0, "member add n2 --peer-urls=" + url(ports_[5])).contains("added"));
  const Process added = joined(2, "n2");
  EXPECT_TRUE(refuses(*added, "is of a member that was removed from its cluster"));
  fs::remove_all(scratch.at("n2"));
  members_[2] = joined(2, "n2");
  ASSERT_TRUE(members_[2]->is_ready()) << members_[2]->said();
  const std::string last = write_no_more();
  EXPECT_EQ(ask(2, "get written --print-value-only"), last);
}

TEST_F(ReplacedTest, a_member_that_was_removed_while_it_was_down_hears_of_it_when_it_is_back) {
  const std::string id = id_of(2);
  members_[2]->kill();
  EXPECT_TRUE(ask(0, "member remove " + id).contains("removed"));
  const Process again = joined(2, "n2");
  EXPECT_TRUE(refuses(*again, "this member has been permanently removed from the cluster"));
  const Process once_more = joined(2, "n2");
  EXPECT_TRUE(refuses(*once_more, "is of a member that was removed from its cluster"));
  EXPECT_EQ(ask(1, "put without 1"), "OK\n");
}

}  // namespace
}  // namespace bowline::apps

// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "apps/bowline/run_program.h"
#include "bowline/api/test_node.h"
#include "bowline/wire/version.h"

// Runs build/bowline against nodes in this process.
namespace bowline::apps {
namespace {

class GroupProgram : public NodeTest {
 protected:
  GroupProgram() {
    adjust_ = [](NodeOptions& options) {
      options.operators.admit = host::Admit::anybody;
      options.operators.may_destroy = true;
      options.name = "north";
    };
  }
  Ran run(const std::string& verb, const std::string& more = {}) {
    return run_program("group " + verb + " --peer " + addresses_.at(1) + " " + more);
  }
  void expect(const Ran& ran, int status, const std::string& what) {
    EXPECT_EQ(ran.status, status) << ran.out;
    EXPECT_TRUE(ran.out.contains(what)) << ran.out;
  }
};

TEST_F(GroupProgram, shows_and_changes) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  expect(
      run("list"), 0,
      "NODE  NAME   SPEAKS  GROUPS  LEADS\n1     north  " + std::to_string(wire::newest_version));
  expect(run("list"), 0, "GROUP  LEADER  ON\n7      ");
  expect(run("status 7"), 0, "sees it, which is leader\n");
  expect(run("status 7"), 0, "PEER  HAS");
  expect(run("members 7"), 0, "NODE  STANDING  PRIORITY  ADDRESS");
  expect(run("members 7", "--json"), 0, "\"standing\": \"voter\"");
  expect(run("status 7", "--json"), 0, "{\"group\": \"7\"");
  expect(run("add 7 --node 9 --address 127.0.0.1:1 --learner"), 0, "done");
  expect(run("members 7"), 0, "9     learner   100       127.0.0.1:1");
  expect(run("add 7 --node 9 --address 127.0.0.1:1"), 1, "bowline: node 9 is a member already");
  expect(run("remove 7 --node 9 --expect 1"), 1, "the members are not those that were expected");
  expect(run("remove 7 --node 9 --expect 1 --json"), 1, "{\"outcome\": \"refused\", \"why\": ");
  expect(run("remove 7 --node 9"), 0, "done");
  expect(run("cancel 7"), 1, "no change of the members is under way");
  expect(run("snapshot 7 --at " + addresses_.at(2)), 0, "done, at ");
  const std::uint64_t next = leader() % 3 + 1;
  expect(run("transfer 7 --to " + std::to_string(next)), 0, "done");
  EXPECT_TRUE(soon([&] { return leader() == next; }));
  expect(run("rebalance"), 0, "nothing would be better");
  expect(run("rebalance --only-show --json"), 0, "[]");
}

TEST_F(GroupProgram, sets_all_members_in_one_step) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  const std::string three = "--voter 1 --voter 2 --voter 3";
  expect(run("add 7 --node 8 --address 127.0.0.1:1 --learner --priority 3 --metadata m"), 0,
         "done");
  expect(run("set-members 7", three + " --learner 8 --learner 9=127.0.0.1:2"), 0, "done");
  expect(run("members 7"), 0, "8     learner   3         127.0.0.1:1");
  expect(run("members 7"), 0, "9     learner   100       127.0.0.1:2");
  expect(run("set-members 7", three + " --expect 1"), 1, "not those that were expected");
  expect(run("set-members 7", three), 0, "done");
  EXPECT_FALSE(run("members 7").out.contains("learner"));
  expect(run("set-members 7", three + " --learner 9"), 1, "node 9 has no address");
  expect(run("set-members 7", three + " --learner 3"), 1, "node 3 is named twice");
  expect(run("set-members 7", "--voter north"), 2, "\"north\" names no member");
  expect(run("set-members 7"), 2, "--voter is required");
}

TEST_F(GroupProgram, makes_a_learner_a_voter_and_back) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  open(4);
  members_[4].diary = nullptr;
  ASSERT_TRUE(members_[4].node->start(group, {}, std::make_unique<Diary>()).has_value());
  expect(run("add 7 --node 4 --learner --address " + addresses_[4]), 0, "done");
  expect(run("members 7"), 0, "4     learner   100       ");
  expect(run("promote 7 --node 4"), 0, "done");
  expect(run("members 7"), 0, "4     voter     100       ");
  expect(run("demote 7 --node 4 --expect 1"), 1, "the members are not those that were expected");
  expect(run("demote 7 --node 4"), 0, "done");
  expect(run("members 7"), 0, "4     learner   100       ");
  expect(run("promote 7 --node 9"), 1, "node 9 is no member");
}

TEST_F(GroupProgram, destroys_a_group_if_it_is_told_twice) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  const std::string third = " --at " + addresses_.at(3);
  expect(run("destroy 7 --lose-what-it-has"), 2, "say where");
  expect(run("destroy 7 --everywhere" + third), 2, "excludes");
  expect(run("destroy 7" + third), 2, "gone for ever. If you want that, add --lose-what-it-has");
  expect(run("destroy 7 --lose-what-it-has" + third), 1, "node 3 is a member still");
  expect(run("destroy 7 --lose-what-it-has --even-a-member" + third), 0, "done");
  expect(run("destroy 7 --lose-what-it-has --even-a-member" + third), 1, "node 3 has no group 7");
  EXPECT_EQ(write("b"), "2");
  const Ran everywhere = run("destroy 7 --lose-what-it-has --everywhere");
  expect(everywhere, 0, "NODE  ADDRESS");
  expect(everywhere, 0, "done");
  expect(run("destroy 7 --lose-what-it-has --everywhere --json --within 0.5"), 1, "no group 7");
  for (const std::uint64_t id : {1U, 2U, 3U}) EXPECT_FALSE(members_[id].group->status().get().here);
}

TEST_F(GroupProgram, says_with_what_it_ends) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  expect(run("status 8 --within 0.5"), 1, "node 1 has no group 8");
  expect(run("status 8 --within 1e300"), 2, "within must be at most a year");
  expect(run("status"), 2, "GROUP");
  expect(run_program("group status 7"), 2, "--peer is required");
  expect(run_program("group status 7 --peer 127.0.0.1:1 --within 0.3"), 1, "127.0.0.1:1");
  expect(run("recover 7 --at " + addresses_.at(1) + " --cluster-id 5"), 2,
         "add --lose-what-others-have");
  expect(run("recover 7 --at " + addresses_.at(1) + " --cluster-id 5 --lose-what-others-have"), 0,
         "done");
  expect(run_program("group --help"), 0, "3: nobody knows");
}

}  // namespace
}  // namespace bowline::apps

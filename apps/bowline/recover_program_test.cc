// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/run_program.h"
#include "bowline/api/test_node.h"

// Runs build/bowline on the disk of a real node that was stopped.
namespace bowline::apps {
namespace {

using RecoverProgram = NodeTest;

TEST_F(RecoverProgram, warns_then_does_it_and_says_how_to_go_on) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  ASSERT_EQ(read(2), "a\n");
  members_.clear();
  const std::string verb = "recover " + place_ + "/2 --group 7 --as-cluster 99 --cached";
  const Ran warned = run_program(verb);
  EXPECT_EQ(warned.status, 2);
  EXPECT_NE(warned.out.find("say --yes"), std::string::npos) << warned.out;
  const Ran done = run_program(verb + " --yes");
  EXPECT_EQ(done.status, 0) << done.out;
  EXPECT_NE(done.out.find("node 2 is the whole of group 7 now"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find("Its members were: 1, 2, 3."), std::string::npos) << done.out;
  const Ran twice = run_program(verb + " --yes");
  EXPECT_EQ(twice.status, 1);
  EXPECT_NE(twice.out.find("give it a new name"), std::string::npos) << twice.out;
  open(2);
  host::GroupOptions told;
  told.cluster = ClusterId{99};
  start(2, told);
  EXPECT_EQ(write("b"), "2");
}

TEST_F(RecoverProgram, a_node_that_runs_is_left_alone) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  const Ran ran = run_program("recover " + place_ + "/1 --group 7 --as-cluster 99 --cached --yes");
  EXPECT_EQ(ran.status, 1);
  EXPECT_NE(ran.out.find("is in use by another process"), std::string::npos) << ran.out;
  EXPECT_EQ(write("b"), "2");
}

}  // namespace
}  // namespace bowline::apps

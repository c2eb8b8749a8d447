// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/side_lives.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace bowline::sim {
namespace {

struct SideLivesCase : testing::Test {
  // As a machine does that has seen all before.
  std::string does(SideLives::Life life, std::uint64_t index, const std::string& command) {
    std::uint64_t& digest = digests[life];
    const std::uint64_t before = digest;
    digest = SideLives::digest(before, id(index), command);
    return lives.did(life, id(index), command, before);
  }
  static LogId id(std::uint64_t index, std::uint64_t term = 1) { return {{term}, {index}}; }
  SideLives lives;
  std::map<SideLives::Life, std::uint64_t> digests;
  const std::string a = SideLives::command(1, 1);
  const std::string b = SideLives::command(1, 2);
};

TEST_F(SideLivesCase, each_life_has_a_row_of_its_own) {
  EXPECT_EQ(does(1, 3, a), "");
  EXPECT_EQ(does(2, 3, SideLives::command(2, 3)), "");
  EXPECT_EQ(does(1, 4, b), "");
  EXPECT_EQ(lives.did(1, id(3), a, 0), "") << "another member, which is behind";
  EXPECT_EQ(lives.told(1, id(3), a), "");
  EXPECT_EQ(lives.known(1), Index{3});
  EXPECT_EQ(lives.known(2), Index{});
}

TEST_F(SideLivesCase, a_command_of_another_life_is_seen) { EXPECT_NE(does(2, 3, a), ""); }

TEST_F(SideLivesCase, two_commands_in_one_place_are_seen) {
  EXPECT_EQ(does(1, 3, a), "");
  EXPECT_NE(lives.did(1, id(3), b, 0), "");
  EXPECT_NE(lives.did(1, id(3, 2), a, 0), "");
}

TEST_F(SideLivesCase, a_command_that_was_left_out_is_seen) {
  EXPECT_EQ(does(1, 3, a), "");
  EXPECT_EQ(does(1, 4, b), "");
  EXPECT_NE(lives.did(1, id(4), b, 0), "") << "by one that knows the place";
  EXPECT_NE(lives.did(1, id(5), SideLives::command(1, 3), 0), "") << "and by a new one";
}

TEST_F(SideLivesCase, one_that_comes_late_in_the_row_is_seen) {
  EXPECT_EQ(does(1, 4, a), "");
  EXPECT_NE(does(1, 3, b), "");
}

TEST_F(SideLivesCase, an_answer_about_what_nobody_did_is_seen) {
  EXPECT_NE(lives.told(1, id(3), a), "");
  EXPECT_EQ(does(1, 3, a), "");
  EXPECT_NE(lives.told(1, id(3), b), "");
  EXPECT_NE(lives.told(1, id(4), a), "");
  EXPECT_NE(lives.told(2, id(3), a), "");
}

TEST_F(SideLivesCase, a_snapshot_of_another_state_is_seen) {
  EXPECT_EQ(lives.stood(1, {}, 0), "") << "of nothing";
  EXPECT_EQ(does(1, 3, a), "");
  EXPECT_EQ(lives.stood(1, id(3), digests[1]), "");
  EXPECT_NE(lives.stood(1, id(3), digests[1] + 1), "");
  EXPECT_NE(lives.stood(1, id(4), digests[1]), "");
  EXPECT_NE(lives.stood(2, id(3), digests[1]), "");
}

TEST_F(SideLivesCase, a_stale_read_is_seen) {
  EXPECT_EQ(SideLives::read(1, Index{3}, Index{3}), "");
  EXPECT_NE(SideLives::read(1, Index{3}, Index{2}), "");
}

}  // namespace
}  // namespace bowline::sim

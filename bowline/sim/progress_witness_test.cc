// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/progress_witness.h"

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

struct ProgressCase : testing::Test {
  Forge forge{2};
  std::shared_ptr<Committed> committed = std::make_shared<Committed>();
  ProgressWitness witness{forge, committed};

  ProgressCase() {
    for (const std::uint64_t id : {1, 2}) forge.node(id).durable.hard.term = {1};
    grow(forge.node(1), {1}, "a");
    grow(forge.node(1), {1}, "b");
  }
  void believes(Index match, const raft::Input& input = raft::Woken{}) {
    std::vector<raft::Progress> peers{raft::Progress({2}, {1})};
    peers[0].meet(life_of({2}));
    peers[0].matched(match, {1000});
    Mind mind = forge.leader(forge.node(1), {1});
    mind.peers = peers;
    witness.saw(forge.node(1), mind, input, {});
  }
};

TEST_F(ProgressCase, a_true_match_may_rise) {
  grow(forge.node(2), {1}, "a");
  believes({1});
  grow(forge.node(2), {1}, "b");
  believes({2});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(ProgressCase, a_match_that_goes_back_is_seen) {
  grow(forge.node(2), {1}, "a");
  believes({1});
  believes({0});
  EXPECT_EQ(forge.broken(), "I11");
}

TEST_F(ProgressCase, a_follower_that_lost_entries_may_say_so) {
  grow(forge.node(2), {1}, "a");
  believes({1});
  believes({0}, raft::Received{
                    {2}, forge.message(forge.node(2), {1}, {1}, raft::AppendReply{.lost = true})});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(ProgressCase, a_match_past_what_is_on_the_followers_disk_is_seen) {
  grow(forge.node(2).written, {1}, "a");
  believes({1});
  EXPECT_EQ(forge.broken(), "I11");
}

TEST_F(ProgressCase, a_match_with_another_log_is_seen) {
  grow(forge.node(2), {1}, "c");
  believes({1});
  EXPECT_EQ(forge.broken(), "I11");
}

TEST_F(ProgressCase, a_follower_in_a_newer_term_may_have_gone_on) {
  forge.node(2).durable.hard.term = {2};
  believes({1});
  EXPECT_EQ(forge.broken(), "");
}

}  // namespace
}  // namespace bowline::sim

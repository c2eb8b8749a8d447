// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/sleep_witness.h"

#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

struct SleepCase : testing::Test {
  Forge forge{3};
  SleepWitness witness{forge};
  Site& site = forge.node(1);

  SleepCase() { grow(site, {1}, "x"); }
  void sleeps(Mind mind) {
    mind.asleep = true;
    witness.saw(site, mind, raft::Woken{}, {});
  }
  static std::vector<raft::Progress> peer(Index match, bool gone) {
    std::vector<raft::Progress> peers{raft::Progress({2}, match.next())};
    peers[0].begin_stream({1});
    peers[0].matched(match, {1});
    peers[0].set_gone(gone);
    return peers;
  }
};

TEST_F(SleepCase, over_a_log_that_is_committed_is_fine) {
  sleeps(forge.follower(site, {1}, site.written.last()));
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(SleepCase, over_what_may_not_be_committed_is_seen) {
  sleeps(forge.follower(site, {1}, site.written.last().prev()));
  EXPECT_EQ(forge.broken(), "I22");
}

TEST_F(SleepCase, of_a_leader_whose_follower_lacks_entries_is_seen) {
  Mind mind = forge.leader(site, {1}, site.written.last());
  const auto peers = peer(site.written.last().prev(), false);
  mind.peers = peers;
  sleeps(mind);
  EXPECT_EQ(forge.broken(), "I22");
}

TEST_F(SleepCase, of_a_leader_whose_follower_is_gone_is_fine) {
  Mind mind = forge.leader(site, {1}, site.written.last());
  const auto peers = peer(site.written.last().prev(), true);
  mind.peers = peers;
  sleeps(mind);
  EXPECT_EQ(forge.broken(), "");
}

}  // namespace
}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/heartbeat_witness.h"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct HeartbeatCase : testing::Test {
  Forge forge{3};
  raft::Options options;
  HeartbeatWitness witness{forge, options};
  Site& site = forge.node(1);
  std::vector<raft::Progress> peers{raft::Progress({2}, {1}), raft::Progress({3}, {1})};

  HeartbeatCase() { witness.started(site); }
  Mind leader() {
    Mind mind = forge.follower(site, {1});
    mind.role = raft::Role::leader;
    mind.peers = peers;
    return mind;
  }
  raft::Message heartbeat(bool news = false) const {
    raft::AppendRequest append;
    append.news = news;
    return forge.message(site, {2}, {1}, append);
  }
  raft::Effects asks(bool news = false) const { return {raft::Send{{2}, heartbeat(news)}}; }
  // Its core asks for it, and its host lets go of it.
  void sends(bool news = false) { sends(leader(), news); }
  void sends(const Mind& mind, bool news = false) {
    witness.saw(site, mind, raft::Woken{}, asks(news));
    witness.sent(site, {2}, heartbeat(news));
    witness.shipped(site, {2});
  }
};

TEST_F(HeartbeatCase, a_leader_that_sends_them_is_fine) {
  for (int i = 0; i < 50; ++i) {
    forge.wait(options.heartbeat_every());
    sends();
  }
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(HeartbeatCase, one_that_did_nothing_meanwhile_is_seen) {
  sends();
  forge.wait(2 * options.heartbeat_every());
  witness.saw(site, leader(), raft::Persisted{{1}}, {});
  EXPECT_EQ(forge.broken(), "I22");
}

TEST_F(HeartbeatCase, news_of_a_commit_are_none) {
  sends();
  for (int i = 0; i < 4; ++i) {
    forge.wait(options.heartbeat_every() / 2);
    sends(true);
  }
  EXPECT_EQ(forge.broken(), "I22");
}

TEST_F(HeartbeatCase, who_sleeps_follows_or_stood_still_sends_none) {
  Mind mind = leader();
  mind.asleep = true;
  sends(mind);
  forge.wait(20s);
  witness.saw(site, mind, raft::Woken{}, {});
  forge.wait(20s);
  witness.saw(site, forge.follower(site, {1}), raft::Woken{}, {});
  forge.wait(options.heartbeat_every());
  sends();
  forge.wait(20s);
  witness.noted({Note::What::resumed, site.id, {}, 0});
  sends();
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(HeartbeatCase, who_has_just_begun_to_run_is_not_late) {
  forge.wait(20s);
  witness.started(site);
  witness.saw(site, leader(), raft::Woken{}, {});
  EXPECT_EQ(forge.broken(), "");
}

// ---- what the host makes of it

TEST_F(HeartbeatCase, one_that_is_never_put_into_a_frame_is_seen) {
  witness.saw(site, leader(), raft::Woken{}, asks());
  witness.shipped(site, {2});
  forge.wait(30ms);
  witness.saw(site, leader(), raft::Persisted{{1}}, {});
  EXPECT_EQ(forge.broken(), "I22");
}

TEST_F(HeartbeatCase, one_that_stays_in_its_frame_is_seen) {
  witness.saw(site, leader(), raft::Woken{}, asks());
  witness.sent(site, {2}, heartbeat());
  witness.shipped(site, {3});
  forge.wait(30ms);
  witness.saw(site, leader(), raft::Persisted{{1}}, {});
  EXPECT_EQ(forge.broken(), "I22");
}

TEST_F(HeartbeatCase, one_to_a_node_without_a_connection_is_none) {
  witness.saw(site, leader(), raft::Woken{}, asks());
  witness.no_way(site, {2});
  forge.wait(30ms);
  witness.saw(site, leader(), raft::Persisted{{1}}, {});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(HeartbeatCase, one_of_a_process_that_stood_still_or_ended_may_wait) {
  witness.saw(site, leader(), raft::Woken{}, asks());
  forge.wait(30ms);
  witness.noted({Note::What::resumed, site.id, {}, 0});
  witness.saw(site, leader(), raft::Woken{}, asks());
  forge.wait(30ms);
  witness.started(site);
  witness.saw(site, leader(), raft::Woken{}, asks());
  EXPECT_EQ(forge.broken(), "");
}

}  // namespace
}  // namespace bowline::sim

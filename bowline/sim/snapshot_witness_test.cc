// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/snapshot_witness.h"

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

struct SnapshotCase : testing::Test {
  Forge forge{3};
  std::shared_ptr<Committed> committed = std::make_shared<Committed>();
  SnapshotWitness witness{forge, committed};
  Site& site = forge.node(1);

  SnapshotCase() {
    committed->begin(forge.members());
    grow(site, {1}, "a");
    grow(site, {2}, "b");
    for (const Line& line : site.written.lines) committed->append(line, {2});
    site.snapshot = {{{{1}, {1}}, forge.members(), {}}, site.written.at({1})->prefix};
  }
};

TEST_F(SnapshotCase, what_a_replay_gives_is_fine) {
  witness.snapshot_taken(site);
  raft::Persist write;
  write.base = site.snapshot.base;
  site.written.base = site.snapshot.base;
  site.written.base_prefix = site.snapshot.digest;
  witness.saw(site, forge.follower(site, {2}), raft::Woken{}, {write});
  site.durable.base = site.written.base;
  site.durable.base_prefix = site.written.base_prefix;
  witness.persisted(site, {});
  witness.started(site);
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(SnapshotCase, another_term_is_seen) {
  site.snapshot.base.id.term = {2};
  witness.snapshot_taken(site);
  EXPECT_EQ(forge.broken(), "I13");
}

TEST_F(SnapshotCase, another_state_is_seen) {
  site.snapshot.digest += 1;
  witness.snapshot_taken(site);
  EXPECT_EQ(forge.broken(), "I13");
}

TEST_F(SnapshotCase, another_membership_is_seen) {
  site.snapshot.base.membership = std::make_shared<raft::Membership>(group(2));
  witness.snapshot_taken(site);
  EXPECT_EQ(forge.broken(), "I13");
}

TEST_F(SnapshotCase, no_membership_is_seen) {
  site.snapshot.base.membership = nullptr;
  witness.started(site);
  EXPECT_EQ(forge.broken(), "I13");
}

TEST_F(SnapshotCase, the_membership_of_another_index_is_seen) {
  site.snapshot.base.membership_index = {1};
  witness.snapshot_taken(site);
  EXPECT_EQ(forge.broken(), "I13");
}

TEST_F(SnapshotCase, a_snapshot_of_what_is_not_committed_is_seen) {
  site.snapshot.base.id = {{2}, {3}};
  witness.snapshot_taken(site);
  EXPECT_EQ(forge.broken(), "I13");
}

TEST_F(SnapshotCase, a_base_without_membership_is_seen) {
  raft::Persist write;
  write.base = site.snapshot.base;
  write.base->membership = std::make_shared<raft::Membership>();
  site.written.base_prefix = site.snapshot.digest;
  witness.saw(site, forge.follower(site, {2}), raft::Woken{}, {write});
  EXPECT_EQ(forge.broken(), "I13");
}

TEST_F(SnapshotCase, a_log_that_begins_after_its_snapshot_is_seen) {
  site.durable.base.id = {{2}, {2}};
  witness.persisted(site, {});
  EXPECT_EQ(forge.broken(), "I13");
}

TEST_F(SnapshotCase, a_machine_that_is_not_what_was_installed_is_seen) {
  site.machine = {{{1}, {1}}, site.snapshot.digest + 1};
  witness.snapshot_installed(site);
  EXPECT_EQ(forge.broken(), "I13");
}

}  // namespace
}  // namespace bowline::sim

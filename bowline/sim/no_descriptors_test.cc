// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/snapshots_rig.h"

// Snapshots of a process that has as many files open as it may. What it cannot look at is not
// damaged.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

using Missing = SnapshotsRig::Missing;

struct NoFiles : testing::Test {
  NoFiles() { EXPECT_TRUE(rig.start()); }
  void run_out(bool out) { rig.platter.run_out_of_descriptors(out); }
  host::Snapshots& snapshots() { return rig.snapshots(); }
  Result<env::Buffer> read(const host::HeldSnapshotPtr& held, std::uint32_t piece) {
    return rig.answer<env::Buffer>(
        [&](auto done) { snapshots().read_piece(held, piece, std::move(done)); });
  }
  SnapshotsRig rig;
};

TEST_F(NoFiles, a_load_waits_until_they_can_be_read) {
  ASSERT_TRUE(rig.take(10));
  run_out(true);
  std::optional<std::string> state;
  std::optional<Result<raft::Base>> loaded;
  snapshots().load(the_group, std::make_unique<StateWriter>(state),
                   [&](Result<raft::Base> base) { loaded = std::move(base); });
  rig.run(60s);
  EXPECT_FALSE(loaded);
  EXPECT_NE(snapshots().newest(the_group), nullptr);
  run_out(false);
  rig.run(1s);
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_EQ(state, state_at(10));
}

TEST_F(NoFiles, a_load_that_waits_can_be_stopped) {
  ASSERT_TRUE(rig.take(10));
  run_out(true);
  std::optional<std::string> state;
  std::optional<Result<raft::Base>> loaded;
  snapshots().load(the_group, std::make_unique<StateWriter>(state),
                   [&](Result<raft::Base> base) { loaded = std::move(base); });
  rig.run(1s);
  snapshots().forget(the_group);
  rig.run(1s);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->error().fault, Fault::not_found);
  run_out(false);
  rig.run(10s);
  EXPECT_EQ(rig.files(), 0U);
}

TEST_F(NoFiles, whoever_fetches_is_told_so_and_nothing_is_said_to_be_bad) {
  ASSERT_TRUE(rig.take(10));
  const host::HeldSnapshotPtr held = snapshots().hold(the_group);
  run_out(true);
  EXPECT_EQ(read(held, 1).error().fault, Fault::full);
  EXPECT_NE(snapshots().newest(the_group), nullptr);
  run_out(false);
  EXPECT_TRUE(read(held, 1));
  EXPECT_EQ(rig.newest(), 10U);
}

TEST_F(NoFiles, a_start_that_cannot_look_is_refused_and_removes_nothing) {
  ASSERT_TRUE(rig.take(10));
  for (const unsigned after : {0U, 1U}) {  // the names can be told, or not even that
    rig.kill();
    rig.platter.run_out_of_descriptors(true, after);
    const Result<void> started = rig.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().fault, Fault::full) << after;
    rig.run(10s);
  }
  EXPECT_EQ(rig.files(), 7U);
  rig.kill();
  run_out(false);
  ASSERT_TRUE(rig.start());
  EXPECT_EQ(rig.newest(), 10U);
}

TEST_F(NoFiles, a_snapshot_that_cannot_be_written_is_given_up_and_the_next_one_is_not) {
  ASSERT_TRUE(rig.take(10));
  run_out(true);
  EXPECT_EQ(rig.take(20).error().fault, Fault::full);
  run_out(false);
  EXPECT_EQ(rig.newest(), 10U);
  ASSERT_TRUE(rig.take(20));
  EXPECT_EQ(rig.newest(), 20U);
  rig.run(10s);
  EXPECT_EQ(rig.files(), 7U);
}

// What an earlier life got of it is copied, and must not come anew because it could not be read.
TEST_F(NoFiles, what_is_here_of_a_snapshot_that_comes_is_waited_for) {
  const host::Manifest manifest = SnapshotsRig::manifest_of(20);
  const std::string state = state_at(20);
  ASSERT_TRUE(rig.begin(manifest));
  for (const std::uint32_t piece : {1U, 4U})
    ASSERT_TRUE(rig.put(piece, SnapshotsRig::piece_of(manifest, state, piece)));
  rig.kill();
  ASSERT_TRUE(rig.start());
  std::optional<Result<Missing>> missing;
  snapshots().begin_incoming(manifest, [&](Result<Missing> told) { missing = std::move(told); });
  while (rig.files() < 4) rig.run(10us);  // the new head is made: from now on it reads
  run_out(true);
  rig.run(60s);
  EXPECT_FALSE(missing);
  run_out(false);
  rig.run(1s);
  ASSERT_TRUE(missing && *missing);
  EXPECT_EQ(**missing, (Missing{0, 2, 3, 5}));
}

}  // namespace
}  // namespace bowline::sim

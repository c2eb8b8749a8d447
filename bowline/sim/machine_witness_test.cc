// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/machine_witness.h"

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

struct MachineCase : testing::Test {
  Forge forge{1};
  std::shared_ptr<Committed> committed = std::make_shared<Committed>();
  MachineWitness witness{forge, committed};
  Site& site = forge.node(1);

  MachineCase() {
    witness.started(site);
    for (const char* command : {"a", "b", "c"}) grow(site, {1}, command);
    for (const Index index : {Index{1}, Index{2}}) committed->append(*site.written.at(index), {1});
  }
  void applies(Index index, std::uint64_t off = 0) {
    const Line& line = *site.written.at(index);
    site.machine = {line.entry.id, line.prefix + off};
    witness.applied(site, line);
  }
};

TEST_F(MachineCase, one_after_the_other_is_fine) {
  applies({1});
  applies({2});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(MachineCase, a_gap_is_seen) {
  applies({2});
  EXPECT_EQ(forge.broken(), "I14");
}

TEST_F(MachineCase, a_repetition_is_seen) {
  applies({1});
  applies({1});
  EXPECT_EQ(forge.broken(), "I14");
}

TEST_F(MachineCase, applying_the_uncommitted_is_seen) {
  for (const Index index : {Index{1}, Index{2}, Index{3}}) applies(index);
  EXPECT_EQ(forge.broken(), "I5");
}

TEST_F(MachineCase, applying_another_entry_is_seen) {
  cut(site.written, {0});
  grow(site.written, {1}, "z");
  applies({1});
  EXPECT_EQ(forge.broken(), "I5");
}

TEST_F(MachineCase, another_state_is_seen) {
  applies({1}, 1);
  EXPECT_EQ(forge.broken(), "I21");
}

TEST_F(MachineCase, a_snapshot_that_goes_back_is_seen) {
  applies({1});
  applies({2});
  site.machine.applied = {{1}, {1}};
  witness.snapshot_installed(site);
  EXPECT_EQ(forge.broken(), "I14");
}

TEST_F(MachineCase, a_start_from_something_else_than_the_snapshot_is_seen) {
  applies({1});
  witness.started(site);
  EXPECT_EQ(forge.broken(), "I14");
}

}  // namespace
}  // namespace bowline::sim

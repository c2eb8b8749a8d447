// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/topology.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "bowline/sim/topology_trial.h"

namespace bowline::sim {
namespace {

using Verdicts = std::map<TopologyVerdict, std::uint32_t>;

Verdicts expect_promises_kept(std::vector<TopologyCase> cases, const TopologySetting& setting) {
  Verdicts verdicts;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    TopologyCase& one = cases[i];
    one.seed = i + 1;
    const TopologyOutcome outcome = run_topology(one, setting);
    EXPECT_EQ(outcome.failure, "") << one.topology.describe() << ", led by " << one.leader.value
                                   << ", lacking " << one.lacking << ", seed " << one.seed;
    ++verdicts[outcome.verdict];
  }
  return verdicts;
}

std::uint32_t broken_promises(const TopologySetting& setting) {
  std::uint32_t broken = 0;
  for (const TopologyCase& one : one_of_each_shape())
    if (!run_topology(one, setting).failure.empty()) ++broken;
  return broken;
}

TEST(Topology, there_are_1024_of_34_shapes) {
  std::set<std::uint32_t> shapes;
  for (std::uint32_t bits = 0; bits < Topology::all; ++bits)
    shapes.insert(shape_of(Topology(bits)));
  EXPECT_EQ(shapes.size(), 34U);
  EXPECT_EQ(cases_with_equal_logs().size(), 5120U);
  EXPECT_EQ(one_of_each_shape().size(), 170U);
}

TEST(Topology, a_node_reaches_a_quorum_if_two_links_of_it_carry) {
  EXPECT_FALSE(Topology(0).reaches_quorum());
  EXPECT_FALSE(Topology(0).with(0).with(7).reaches_quorum());  // 1-2 3-4
  EXPECT_TRUE(Topology(0).with(0).with(1).reaches_quorum());   // 1-2 1-3
  EXPECT_EQ(Topology(0).with(0).with(9).describe(), "1-2 4-5");
  EXPECT_TRUE(Topology(0).with(9).joined(NodeId{5}, NodeId{4}));
}

TEST(Topology, every_shape_is_served_by_one_leader_or_quiet) {
  const Verdicts verdicts = expect_promises_kept(one_of_each_shape(), {});
  EXPECT_EQ(verdicts, (Verdicts{{TopologyVerdict::live, 155}, {TopologyVerdict::no_quorum, 15}}));
}

TEST(Topology, suspicions_do_not_change_that) {
  const Verdicts verdicts = expect_promises_kept(one_of_each_shape(), {.suspicions = true});
  EXPECT_EQ(verdicts, (Verdicts{{TopologyVerdict::live, 155}, {TopologyVerdict::no_quorum, 15}}));
}

TEST(Topology, nor_do_unequal_logs_unless_whoever_reaches_a_quorum_lacks_an_entry) {
  expect_promises_kept(cases_with_unequal_logs(), {});
}

TEST(Topology, without_pre_votes_terms_run_away) {
  EXPECT_GT(broken_promises({.options = {.pre_vote = false}}), 0U);
}

TEST(Topology, without_a_check_of_the_quorum_a_leader_without_one_stays) {
  EXPECT_GT(broken_promises({.options = {.check_quorum = false}}), 0U);
}

}  // namespace
}  // namespace bowline::sim

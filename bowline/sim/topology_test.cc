// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/topology.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/topology_trial.h"

namespace bowline::sim {
namespace {

using Verdicts = std::map<TopologyVerdict, std::uint32_t>;

using Note = std::function<void(const TopologyCase&, const TopologyOutcome&)>;

Verdicts expect_promises_kept(std::vector<TopologyCase> cases, const TopologySetting& setting,
                              const Note& note = nullptr) {
  Verdicts verdicts;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    TopologyCase& one = cases[i];
    one.seed = i + 1;
    const TopologyOutcome outcome = run_topology(one, setting);
    EXPECT_EQ(outcome.failure, "") << one.topology.describe() << ", led by " << one.leader.value
                                   << ", lacking " << one.lacking << ", seed " << one.seed;
    ++verdicts[outcome.verdict];
    if (note) note(one, outcome);
  }
  return verdicts;
}

std::uint32_t broken_promises(const TopologySetting& setting) {
  std::uint32_t broken = 0;
  for (const TopologyCase& one : one_of_each_shape())
    if (!run_topology(one, setting).failure.empty()) ++broken;
  return broken;
}

// docs/TOPOLOGIES.md lists the exceptions: it is to stay true.
using Cells = std::vector<std::string>;

std::set<std::string> split(const std::string& text, const std::string& by) {
  std::set<std::string> parts;
  std::size_t at = 0;
  for (std::size_t end = 0; end < text.size(); at = end + by.size()) {
    end = std::min(text.find(by, at), text.size());
    parts.insert(text.substr(at, end - at));
  }
  return parts;
}

// The cells of the table below this heading, without what stands above its line.
std::vector<Cells> rows_below(const std::string& heading) {
  std::ifstream page("docs/TOPOLOGIES.md");
  std::vector<Cells> rows;
  bool below = false;
  bool in_table = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("#")) below = line == heading;
    if (!below || !line.starts_with("| ")) {
      in_table = below && line.starts_with("|-");
      continue;
    }
    if (!in_table) continue;
    Cells& cells = rows.emplace_back();
    for (std::size_t at = 2, end = 0; (end = line.find(" |", at)) != std::string::npos;
         at = end + 3)
      cells.push_back(line.substr(at, end - at));
  }
  return rows;
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

TEST(Topology, the_page_lists_those_without_a_quorum_and_what_helps_them) {
  std::map<std::uint32_t, std::set<std::string>> without;  // by how many links would help
  std::set<std::uint32_t> shapes;
  for (std::uint32_t bits = 0; bits < Topology::all; ++bits) {
    const Topology topology(bits);
    if (topology.reaches_quorum()) continue;
    std::uint32_t helpful = 0;
    for (std::uint32_t i = 0; i < Topology::links; ++i)
      if (!topology.has(i) && topology.with(i).reaches_quorum()) ++helpful;
    without[helpful].insert(topology.describe());
    shapes.insert(shape_of(topology));
  }
  EXPECT_EQ(shapes.size(), 3U);
  std::map<std::uint32_t, std::set<std::string>> listed;
  for (const Cells& row : rows_below("## Without a quorum")) {
    const std::string_view helps = row.at(2);
    const std::uint32_t helpful = helps.starts_with("each of the six")           ? 6
                                  : helps.starts_with("each of the other eight") ? 8
                                                                                 : 0;
    listed[helpful] = split(row.at(1), ", ");
    EXPECT_EQ(row.at(0), std::to_string(listed[helpful].size())) << row.at(1);
  }
  EXPECT_EQ(listed, without);
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
  std::set<std::string> constrained;
  const auto note = [&](const TopologyCase& one, const TopologyOutcome& outcome) {
    if (outcome.verdict != TopologyVerdict::constrained) return;
    std::string lacking;
    for (std::uint64_t id = 1; id <= Topology::nodes; ++id)
      if (one.lacks(NodeId{id})) lacking += (lacking.empty() ? "" : " ") + std::to_string(id);
    constrained.insert(one.topology.describe() + " without " + lacking);
  };
  expect_promises_kept(cases_with_unequal_logs(), {}, note);
  std::set<std::string> listed;
  for (const Cells& row : rows_below("## The constrained ones"))
    listed.insert(row.at(0) + " without " + row.at(1));
  EXPECT_EQ(listed, constrained) << "of docs/TOPOLOGIES.md";
}

TEST(Topology, without_pre_votes_terms_run_away) {
  EXPECT_GT(broken_promises({.options = {.pre_vote = false}}), 0U);
}

TEST(Topology, without_a_check_of_the_quorum_a_leader_without_one_stays) {
  EXPECT_GT(broken_promises({.options = {.check_quorum = false}}), 0U);
}

}  // namespace
}  // namespace bowline::sim

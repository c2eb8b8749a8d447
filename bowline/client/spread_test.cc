// SPDX-License-Identifier: Apache-2.0
#include "bowline/client/spread.h"

#include <map>

#include <gtest/gtest.h>

namespace bowline::client {
namespace {

// Nodes of which the first leads so many groups, and so on; all can lead all.
std::vector<wire::NodeReport> cluster(const std::vector<std::uint64_t>& leads) {
  std::vector<wire::NodeReport> nodes(leads.size());
  std::uint64_t group = 0;
  for (std::size_t i = 0; i < leads.size(); ++i) {
    nodes[i].id = {i + 1};
    for (std::uint64_t count = leads[i]; count > 0; --count) {
      wire::GroupLine line{{++group}, raft::Role::leader, {i + 1}, {}};
      for (std::uint64_t id = 1; id <= leads.size(); ++id)
        if (id != i + 1) line.takers.push_back({id});
      nodes[i].lines.push_back(line);
    }
  }
  return nodes;
}

std::vector<std::uint64_t> after(const std::vector<std::uint64_t>& leads, std::size_t most) {
  std::vector<std::uint64_t> now = leads;
  std::map<GroupId, int> moved;
  for (const Move& move : spread(cluster(leads), most)) {
    --now[move.from.value - 1];
    ++now[move.to.value - 1];
    EXPECT_EQ(++moved[move.group], 1);
  }
  return now;
}

using Counts = std::vector<std::uint64_t>;

TEST(Spread, each_node_leads_about_as_many) {
  EXPECT_EQ(after({9, 0, 0}, 100), (Counts{3, 3, 3}));
  EXPECT_EQ(after({10, 0, 0}, 100), (Counts{4, 3, 3}));
  EXPECT_EQ(after({5, 4, 0, 3}, 100), (Counts{3, 3, 3, 3}));
}

TEST(Spread, nothing_moves_that_helps_nobody) {
  EXPECT_TRUE(spread(cluster({4, 3, 3}), 100).empty());
  EXPECT_TRUE(spread(cluster({4, 4, 3}), 100).empty());
  EXPECT_TRUE(spread({}, 100).empty());
}

TEST(Spread, only_so_many_at_once) { EXPECT_EQ(after({9, 0, 0}, 2), (Counts{7, 1, 1})); }

TEST(Spread, a_group_goes_only_to_who_could_lead_it) {
  std::vector<wire::NodeReport> nodes = cluster({4, 0, 0});
  for (wire::GroupLine& line : nodes[0].lines) line.takers = {{3}};
  for (const Move& move : spread(nodes, 100)) EXPECT_EQ(move.to, NodeId{3});
  EXPECT_EQ(spread(nodes, 100).size(), 2U);
  for (wire::GroupLine& line : nodes[0].lines) line.takers = {{9}};  // which did not answer
  EXPECT_TRUE(spread(nodes, 100).empty());
}

}  // namespace
}  // namespace bowline::client

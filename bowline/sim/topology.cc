// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/topology.h"

#include <algorithm>
#include <array>
#include <bit>
#include <set>

namespace bowline::sim {
namespace {

using Names = std::array<std::uint32_t, Topology::nodes>;

constexpr std::array<std::array<std::uint32_t, 2>, Topology::links> ends{
    {{0, 1}, {0, 2}, {0, 3}, {0, 4}, {1, 2}, {1, 3}, {1, 4}, {2, 3}, {2, 4}, {3, 4}}};

std::uint32_t number_of(std::uint32_t a, std::uint32_t b) {
  if (a > b) std::swap(a, b);
  for (std::uint32_t i = 0; i < Topology::links; ++i)
    if (ends[i][0] == a && ends[i][1] == b) return i;
  return 0;
}

std::uint32_t renamed(const Topology& topology, const Names& names) {
  std::uint32_t bits = 0;
  for (std::uint32_t i = 0; i < Topology::links; ++i)
    if (topology.has(i)) bits |= 1U << number_of(names[ends[i][0]], names[ends[i][1]]);
  return bits;
}

std::uint32_t renamed(const TopologyCase& one, const Names& names) {
  std::uint32_t lacking = 0;
  for (std::uint32_t i = 0; i < Topology::nodes; ++i)
    if (one.lacks(NodeId{i + 1})) lacking |= 1U << names[i];
  const std::uint32_t leader = names[one.leader.value - 1];
  return renamed(one.topology, names) << 8 | leader << 5 | lacking;
}

template <class Thing>
std::uint32_t least_name(const Thing& thing) {
  Names names{0, 1, 2, 3, 4};
  std::uint32_t least = renamed(thing, names);
  while (std::ranges::next_permutation(names).found) least = std::min(least, renamed(thing, names));
  return least;
}

}  // namespace

Topology::Link Topology::link(std::uint32_t number) {
  return {NodeId{ends[number][0] + 1}, NodeId{ends[number][1] + 1}};
}

bool Topology::joined(NodeId a, NodeId b) const {
  if (a == b) return true;
  return has(
      number_of(static_cast<std::uint32_t>(a.value - 1), static_cast<std::uint32_t>(b.value - 1)));
}

bool Topology::reaches_quorum() const {
  for (std::uint64_t a = 1; a <= nodes; ++a) {
    std::uint32_t with = 0;
    for (std::uint64_t b = 1; b <= nodes; ++b)
      if (joined(NodeId{a}, NodeId{b})) ++with;
    if (with >= quorum) return true;
  }
  return false;
}

std::string Topology::describe() const {
  std::string text;
  for (std::uint32_t i = 0; i < links; ++i) {
    if (!has(i)) continue;
    if (!text.empty()) text += ' ';
    text += std::to_string(link(i).a.value) + '-' + std::to_string(link(i).b.value);
  }
  return text.empty() ? "none" : text;
}

std::uint32_t shape_of(const TopologyCase& one) { return least_name(one); }
std::uint32_t shape_of(const Topology& topology) { return least_name(topology); }

std::vector<TopologyCase> cases_with_equal_logs() {
  std::vector<TopologyCase> cases;
  for (std::uint32_t bits = 0; bits < Topology::all; ++bits)
    for (std::uint64_t leader = 1; leader <= Topology::nodes; ++leader)
      cases.push_back({.topology = Topology(bits), .leader = NodeId{leader}});
  return cases;
}

std::vector<TopologyCase> cases_with_unequal_logs() {
  std::vector<TopologyCase> cases;
  std::set<std::uint32_t> shapes;
  for (std::uint32_t bits = 0; bits < Topology::all; ++bits) {
    for (std::uint32_t lacking = 2; lacking < 1U << Topology::nodes; lacking += 2) {
      const TopologyCase one{.topology = Topology(bits), .leader = NodeId{1}, .lacking = lacking};
      if (shapes.insert(shape_of(one)).second) cases.push_back(one);
    }
  }
  return cases;
}

std::vector<TopologyCase> one_of_each_shape() {
  std::vector<TopologyCase> cases = cases_with_equal_logs();
  std::erase_if(
      cases, [](const TopologyCase& one) { return shape_of(one.topology) != one.topology.bits(); });
  return cases;
}

}  // namespace bowline::sim

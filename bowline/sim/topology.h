// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bowline/base/ids.h"

namespace bowline::sim {

// Which of the ten links between five nodes carry, in both directions: a bit for each.
class Topology {
 public:
  static constexpr std::uint32_t nodes = 5;
  static constexpr std::uint32_t links = 10;
  static constexpr std::uint32_t quorum = 3;
  static constexpr std::uint32_t all = 1U << links;  // how many there are

  struct Link {
    NodeId a;
    NodeId b;
  };
  static Link link(std::uint32_t number);  // 1-2, 1-3, ... 4-5

  Topology() = default;
  explicit Topology(std::uint32_t bits) : bits_(bits) {}

  std::uint32_t bits() const { return bits_; }
  bool has(std::uint32_t number) const { return (bits_ >> number & 1U) != 0; }
  bool joined(NodeId a, NodeId b) const;  // a node is joined with itself
  Topology with(std::uint32_t number) const { return Topology(bits_ | 1U << number); }
  // Somebody is joined with enough others to be a quorum with them.
  bool reaches_quorum() const;
  std::string describe() const;  // "1-2 1-3", or "none"

 private:
  std::uint32_t bits_ = all - 1;
};

// Where a group of five stands at the moment when links fail.
struct TopologyCase {
  Topology topology;
  NodeId leader{1};
  std::uint32_t lacking = 0;  // a bit for each node that has not got the last entry: 1 is node 1
  std::uint32_t heal = 0;     // if a link must heal: which of those that help, modulo their number
  std::uint64_t seed = 1;

  bool lacks(NodeId node) const { return (lacking >> (node.value - 1) & 1U) != 0; }
};

// Two that differ only in the names of the nodes have the same number.
std::uint32_t shape_of(const TopologyCase&);
std::uint32_t shape_of(const Topology&);

// Every topology with every leader, all logs being equal.
std::vector<TopologyCase> cases_with_equal_logs();
// Every topology, leader and set of nodes that lack the last entry; of those that differ only in
// names, one.
std::vector<TopologyCase> cases_with_unequal_logs();
// One topology of each shape with every leader.
std::vector<TopologyCase> one_of_each_shape();

}  // namespace bowline::sim

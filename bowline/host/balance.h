// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/raft/core.h"

namespace bowline::host {

// Those whom a group would like to be led by as much as by this node, which leads it.
std::vector<NodeId> takers(const raft::Core&, NodeId me,
                           const std::function<bool(NodeId)>& missing);

// Spreads leaders over nodes. Each node looks at the groups that it has, and gives away what it
// leads beyond its part: never more than that, so that nodes which do this at the same time do not
// chase each other.
class Balance {
 public:
  struct Move {
    GroupId group;
    NodeId to;
  };
  using Missing = std::function<bool(NodeId)>;  // a node that nothing should be given to

  Balance(NodeId self, Missing missing) : self_(self), missing_(std::move(missing)) {}

  void count(GroupId, const raft::Core&);  // each group of this node, once
  std::vector<Move> moves(std::size_t most) const;

 private:
  NodeId self_;
  Missing missing_;
  std::map<NodeId, std::uint64_t> led_;  // by each node that could lead something, as far as we see
  std::vector<std::pair<GroupId, std::vector<NodeId>>> ours_;  // that we lead, and who could
};

}  // namespace bowline::host

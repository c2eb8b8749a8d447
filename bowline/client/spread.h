// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/wire/answer.h"

namespace bowline::client {

// Which groups should be led by another node, so that each node leads about as many: of what all
// nodes said of their groups. No group goes to a node that it likes less.
struct Move {
  GroupId group;
  NodeId from, to;
};
std::vector<Move> spread(const std::vector<wire::NodeReport>&, std::size_t most);

}  // namespace bowline::client

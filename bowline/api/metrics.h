// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "bowline/api/status.h"

namespace bowline {

class Node;

// In the text format that Prometheus reads: what the node counts, the times of the stages of
// proposals, and a few numbers for each group. Of groups beyond so many only the sums are told.
std::string metrics_text(const NodeStatus&, const std::vector<GroupStatus>&);
// Asks the node's thread and waits for it: not within one of its callbacks.
std::string metrics_text(Node&, std::size_t most_groups = 100);

}  // namespace bowline

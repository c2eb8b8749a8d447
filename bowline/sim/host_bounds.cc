// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/host_bounds.h"

#include <algorithm>

namespace bowline::sim {
namespace {

std::string bytes(std::uint64_t count) { return std::to_string(count) + " bytes"; }
std::string node(NodeId id) { return "node " + std::to_string(id.value); }

}  // namespace

std::string beyond(const host::Backlog& backlog, std::uint64_t largest) {
  if (backlog.bytes() <= std::max(backlog.most_bytes(), largest)) return {};
  return bytes(backlog.bytes()) + " of proposals are in memory, of which " +
         bytes(backlog.most_bytes()) + " may be";
}

std::string left_over(const host::Shard& shard, const host::Replica& replica,
                      const std::vector<NodeId>& peers) {
  if (const std::uint64_t left = shard.backlog().bytes(); left != 0)
    return bytes(left) + " of proposals are in memory, and nobody proposes anything";
  if (!shard.log().idle()) return "its log has something to write";
  for (const NodeId peer : peers)
    if (shard.links().up(peer) && shard.links().queued(peer) != 0)
      return bytes(shard.links().queued(peer)) + " wait for " + node(peer);
  if (shard.transfers().progress(replica.group())) return "it fetches a snapshot";
  return {};
}

std::string waits_still(const host::Replica& replica) {
  return replica.anybody_waits() ? "somebody waits for an answer" : "";
}

}  // namespace bowline::sim

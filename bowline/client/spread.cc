// SPDX-License-Identifier: Apache-2.0
#include "bowline/client/spread.h"

#include <algorithm>
#include <cstdint>
#include <map>

namespace bowline::client {

// From whoever leads most, as long as that helps: the one who takes leads at least two fewer.
std::vector<Move> spread(const std::vector<wire::NodeReport>& nodes, std::size_t most) {
  std::map<NodeId, std::uint64_t> led;
  std::map<NodeId, std::vector<const wire::GroupLine*>> lines;
  for (const wire::NodeReport& node : nodes) {
    led.try_emplace(node.id);
    for (const wire::GroupLine& line : node.lines) {
      if (line.role != raft::Role::leader) continue;
      ++led[node.id];
      lines[node.id].push_back(&line);
    }
  }
  std::vector<Move> moves;
  const auto helps = [&](NodeId from, NodeId to) {
    const auto taker = led.find(to);
    return taker != led.end() && taker->second + 2 <= led[from];
  };
  const auto move_one = [&](NodeId from) {
    for (const wire::GroupLine*& line : lines[from]) {
      if (line == nullptr) continue;
      const auto to = std::ranges::min_element(line->takers, {}, [&](NodeId id) {
        const auto found = led.find(id);
        return found == led.end() ? UINT64_MAX : found->second;
      });
      if (to == line->takers.end() || !helps(from, *to)) continue;
      moves.push_back({line->group, from, *to});
      --led[from];
      ++led[*to];
      line = nullptr;
      return true;
    }
    return false;
  };
  for (bool moved = true; moved && moves.size() < most;) {
    std::vector<NodeId> busiest;
    busiest.reserve(led.size());
    for (const auto& [id, count] : led) busiest.push_back(id);
    std::ranges::sort(busiest, {}, [&](NodeId id) { return std::pair(~led[id], id); });
    moved = std::ranges::any_of(busiest, move_one);
  }
  return moves;
}

}  // namespace bowline::client

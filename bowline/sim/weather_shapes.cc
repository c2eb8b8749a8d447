// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bowline/sim/weather.h"

namespace bowline::sim {

std::vector<NodeId> Weather::shuffled(Prng& prng) const {
  std::vector<NodeId> nodes;
  for (std::uint64_t i = 1; i <= world_.sites(); ++i) nodes.push_back(NodeId{i});
  for (std::size_t i = nodes.size(); i > 1; --i) std::swap(nodes[i - 1], nodes[prng.below(i)]);
  return nodes;
}

namespace {

// Does a link between the places a < b of a shuffled row survive the partition?
bool survives(Shape shape, std::size_t a, std::size_t b, std::size_t count, std::size_t split,
              Prng& prng) {
  switch (shape) {
    case Shape::halves: return (a < split) == (b < split);
    case Shape::isolated: return a != 0;
    case Shape::bridge: return a == 0 || (a <= split) == (b <= split);
    case Shape::ring: return b - a == 1 || b - a == count - 1;
    case Shape::chain: return b - a == 1;
    case Shape::star: return a == 0;
    case Shape::edges: return prng.chance(50);
  }
  return true;
}

}  // namespace

std::vector<Weather::Link> Weather::severed(const Episode& episode) const {
  Prng prng = dice(episode);
  const std::vector<NodeId> row = shuffled(prng);
  const std::size_t split = row.size() < 2 ? 1 : 1 + prng.below(row.size() - 1);
  std::vector<Link> cuts;
  for (std::size_t a = 0; a < row.size(); ++a) {
    for (std::size_t b = a + 1; b < row.size(); ++b) {
      if (survives(episode.shape, a, b, row.size(), split, prng)) continue;
      cuts.emplace_back(row[a], row[b]);
      if (!episode.one_way) cuts.emplace_back(row[b], row[a]);
    }
  }
  return cuts;
}

// Troubles find the leader more often than chance would.
NodeId Weather::victim(const Episode& episode) const {
  const NodeId leader = world_.leader();
  return leader && (episode.amount >> 8) % 100 < 35 ? leader : pick(episode.node);
}

// The power fails while the next write is on its way, which a moment drawn at random rarely hits.
bool Weather::ambush(const Episode& episode) {
  const NodeId node = victim(episode);
  if (!world_.up(node)) return false;
  world_.crash_when_writing(node, std::chrono::seconds(1), episode.lasts);
  return true;
}

}  // namespace bowline::sim

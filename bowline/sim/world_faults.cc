// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "bowline/sim/world.h"

namespace bowline::sim {

void World::speed_up_disk(NodeId id, Duration by) {
  Duration& slower = mine(id).disk_slower;
  slower -= std::min(slower, by);
}

void World::fill_disk(NodeId id) {
  Node& node = mine(id);
  if (node.disk_fuller++ == 0) node.platter.limit(node.platter.used_bytes());
}

void World::clear_disk(NodeId id) {
  Node& node = mine(id);
  if (node.disk_fuller == 0) return;
  --node.disk_fuller;
  if (node.disk_fuller == 0) node.platter.lift_limit();
}

void World::crash_when_writing(NodeId id, Duration at_most, Duration down) {
  Node& node = mine(id);
  node.struck_until = now_ + at_most;
  node.struck_for = down;
}

void World::spare(NodeId id) {
  Node& node = mine(id);
  node.struck_until = {};
  node.struck_for = Duration(-1);
}

void World::strike_during(Node& node, Duration write_takes) {
  node.struck_until = {};
  const auto longest = static_cast<std::uint64_t>(write_takes.count());
  const std::uint64_t after = node.disk_chance.below("strikes after", longest);
  agenda_.add({.at = now_ + Duration(static_cast<std::int64_t>(after)),
               .what = What::strike,
               .node = Node::small(node.site.id),
               .slot = 0,
               .life = node.site.life});
}

// What waits for a slow disk is done soon.
void World::hurry_disk(NodeId id) {
  Node& node = mine(id);
  if (!node.up()) return;
  let_climate_in(node);
  node.running()->hurry(plan_.climate.sync_floor);
  arm_process(node);
}

void World::change_clock(NodeId id, std::int64_t permille_fast) {
  Node& node = mine(id);
  node.clock.change_rate(now_, permille_fast);
  node.wake_at = never;
  arm(node);
  if (!node.up()) return;
  node.running()->loop().clock_changed();
  arm_process(node);
}

}  // namespace bowline::sim

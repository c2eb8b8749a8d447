// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/sim/world.h"
#include "bowline/words/describe.h"

namespace bowline::sim {

// An input from the host itself.
void World::give(NodeId id, raft::Input input) {
  Node& node = mine(id);
  if (!node.up()) return;
  if (node.whole) return ask(node, std::move(input));
  const bool behind = node.burst_ends >= now_ && now_ != Time{};
  if (node.pauses == 0 && !behind) return step(node, std::move(input));
  const Event event{.at = node.burst_ends + Duration(1),
                    .what = What::input,
                    .node = Node::small(id),
                    .slot = letters_.put({std::move(input), {}, now_}),
                    .life = node.site.life};
  if (node.pauses > 0) return node.parked.push_back(event);
  node.burst_ends = event.at;  // it does not overtake what came before it
  agenda_.add(event);
}

void World::step(Node& node, raft::Input input) {
  ensure(effects_.empty());
  raft::Effects effects;
  effects.swap(effects_);  // so that its room is used again
  ++counters_.steps;
  raft::Core& core = *node.core;
  const raft::Input seen = witnesses_.empty() ? raft::Input{} : input;
  const std::size_t kind = input.index();
  const std::uint64_t foreign = core.drops().cluster;
  const raft::PostMortem post_mortem(core);
  core.step(node.clock.local(now_), std::move(input), effects);
  count_naps(node);
  counters_.foreign += core.drops().cluster - foreign;
  mix((std::uint64_t{node.site.id.value} << 32) | (kind << 16) | effects.size());
  mix(core.term().value);
  mix(mixed(core.commit().value, core.outline().last().index.value));
  if (!effects.empty())
    if (const auto* persist = std::get_if<raft::Persist>(effects.data())) take_over(node, *persist);
  for (Witness* witness : witnesses_) witness->stepped(node.site, seen, effects);
  for (raft::Effect& effect : effects) {
    if (violation_) break;
    perform(node, effect);
  }
  effects.clear();
  effects_.swap(effects);
  arm(node);
}

void World::count_naps(Node& node) {
  const bool asleep = node.site.core->asleep();
  if (asleep && !std::exchange(node.asleep, asleep)) ++counters_.naps;
  node.asleep = asleep;
}

void World::perform(Node& node, raft::Effect& effect) {
  std::visit([&](auto& one) { perform(node, one); }, effect);
}

void World::perform(Node& node, raft::Send& send) { post(node, send.to, std::move(send.message)); }

void World::perform(Node& node, raft::Commit& commit) {
  node.apply_through = std::max(node.apply_through, commit.through);
  if (plan_.climate.apply.count() == 0 && !node.apply_due) return apply(node);
  if (node.apply_due) return;
  node.apply_due = true;
  agenda_.add({.at = now_ + node.chance.exponential("apply", plan_.climate.apply),
               .what = What::apply,
               .node = Node::small(node.site.id),
               .slot = 0,
               .life = node.site.life});
}

void World::perform(Node& node, raft::RoleChanged& change) {
  mix(change.leader.value);
  if (change.role == raft::Role::leader) ++counters_.elections_won;
  if (change.role == raft::Role::candidate) ++counters_.campaigns;
  static_cast<void>(node);
}

// Who lost its disk is back once it has the committed entry that names its new life: before, it
// gives no vote, whatever the others know of it.
void World::perform(Node& node, raft::MembershipChanged& change) {
  if (!change.committed) return;
  ++counters_.memberships_committed;
  const raft::Member* self = change.config.membership->find(node.site.id);
  const bool named = self != nullptr && self->incarnation == node.site.incarnation;
  if (!named || !std::exchange(node.site.wiped_since_bound, false)) return;
  ++counters_.rejoined;
}

void World::perform(Node& node, raft::Removed&) { node.removed = true; }

// Nobody here lies, so nobody may ever see anything impossible.
void World::perform(Node& node, raft::Impossible& seen) {
  violated({"I25", "node " + std::to_string(node.site.id.value) +
                       " met something impossible: " + seen.evidence});
}

}  // namespace bowline::sim

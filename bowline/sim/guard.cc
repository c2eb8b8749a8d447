// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/guard.h"

#include <algorithm>
#include <variant>

namespace bowline::sim {

Mind mind_of(const raft::Core& core) {
  return {.role = core.role(),
          .term = core.term(),
          .leader = core.leader(),
          .commit = core.commit(),
          .damaged = core.damage().any(),
          .asleep = core.asleep(),
          .config = core.memberships().latest(),
          .peers = core.peers()};
}

std::optional<std::uint64_t> prefix_at(const Image& image, Index index) {
  if (index == image.base.id.index) return image.base_prefix;
  const Line* line = image.at(index);
  return line != nullptr ? std::optional(line->prefix) : std::nullopt;
}

const raft::Persist* write_of(const raft::Effects& effects) {
  return effects.empty() ? nullptr : std::get_if<raft::Persist>(&effects.front());
}

bool elected(const raft::Effects& effects) {
  return std::ranges::any_of(effects, [](const raft::Effect& effect) {
    const auto* changed = std::get_if<raft::RoleChanged>(&effect);
    return changed != nullptr && changed->role == raft::Role::leader;
  });
}

std::string name(NodeId id) { return "node " + std::to_string(id.value); }
std::string name(Term term) { return "term " + std::to_string(term.value); }
std::string name(Index index) { return "index " + std::to_string(index.value); }

}  // namespace bowline::sim

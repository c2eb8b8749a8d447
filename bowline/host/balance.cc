// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/balance.h"

#include <algorithm>

namespace bowline::host {

void Balance::count(GroupId group, const raft::Core& core) {
  std::vector<NodeId> takers = host::takers(core, self_, missing_);
  for (const NodeId id : takers) led_.try_emplace(id);
  led_.try_emplace(self_);
  if (!core.leader()) return;
  ++led_[core.leader()];
  if (core.leader() == self_ && core.outline().last().index == core.commit())
    ours_.emplace_back(group, std::move(takers));
}

std::vector<NodeId> takers(const raft::Core& core, NodeId me,
                           const std::function<bool(NodeId)>& missing) {
  std::vector<NodeId> all;
  const raft::Membership& membership = *core.memberships().latest().membership;
  const raft::Member* const self = membership.find(me);
  if (self == nullptr || !membership.settled()) return all;
  for (const raft::Member& member : membership.members) {
    const bool good = member.now == raft::Standing::voter && !membership.barred(member) &&
                      member.priority >= self->priority;
    if (good && member.id != me && !missing(member.id)) all.push_back(member.id);
  }
  return all;
}

std::vector<Balance::Move> Balance::moves(std::size_t most) const {
  std::vector<Move> moves;
  std::map<NodeId, std::uint64_t> led = led_;
  std::uint64_t all = 0;
  for (const auto& [id, count] : led)
    if (!missing_(id)) all += count;
  const auto nodes = static_cast<std::uint64_t>(
      std::ranges::count_if(led, [&](const auto& one) { return !missing_(one.first); }));
  if (nodes == 0) return moves;
  const std::uint64_t part = (all + nodes - 1) / nodes;
  for (const auto& [group, takers] : ours_) {
    if (moves.size() == most || led[self_] <= part) break;
    const auto least = std::ranges::min_element(takers, {}, [&](NodeId id) { return led.at(id); });
    if (least == takers.end() || led.at(*least) + 1 >= led[self_]) continue;
    --led[self_];
    ++led[*least];
    moves.push_back({group, *least});
  }
  return moves;
}

}  // namespace bowline::host

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/node_watch.h"

#include <algorithm>

namespace bowline::sim {

void NodeWatch::begin() {
  world_.call_at(world_.now() + world_.plan().options.election / 4, *this, 0);
}

void NodeWatch::called(std::uint32_t) {
  for (std::uint64_t at = 1; at <= world_.sites(); ++at)
    for (std::uint64_t peer = 1; peer <= world_.sites(); ++peer)
      if (peer != at && world_.up(NodeId{at}) && !world_.paused(NodeId{at}))
        look(NodeId{at}, NodeId{peer});
  begin();
}

void NodeWatch::look(NodeId at, NodeId peer) {
  View& view = views_[{at, peer}];
  if (const std::uint64_t life = world_.node(at).site.life; view.own_life != life)
    view = {.own_life = life, .heard = world_.now()};
  if (world_.up(peer) && !world_.paused(peer) && world_.network().joined(at, peer))
    return there(at, peer, view);
  if (world_.now() >= view.heard + world_.plan().options.election) view.missing = true;
  if (view.missing && waits_for(at, peer)) world_.suspect(at, peer);
}

void NodeWatch::there(NodeId at, NodeId peer, View& view) {
  const std::uint64_t life = world_.node(peer).site.life;
  const bool anew = view.life != 0 && view.life != life;
  const bool back = view.missing || anew;
  view.life = life;
  view.heard = world_.now();
  view.missing = false;
  if (anew) world_.suspect(at, peer);
  if (back && world_.up(at)) world_.contact(at, peer);
  if (!world_.up(at) || !world_.up(peer)) return;
  // Messages are lost here for no reason. Where they are not, whoever stops leading tells those
  // who sleep, or its connection ends.
  const raft::Core& core = *world_.core(at);
  const bool doubt =
      core.asleep() && core.leader() == peer && !world_.core(peer)->leads(core.term());
  view.doubts = doubt ? view.doubts + 1 : 0;
  if (view.doubts == 4) world_.suspect(at, peer);
}

// Somebody who is not there.
bool NodeWatch::waits_for(NodeId at, NodeId peer) const {
  const raft::Core& core = *world_.core(at);
  if (core.asleep() && core.leader() == peer) return true;
  return std::ranges::any_of(
      core.peers(), [peer](const raft::Progress& p) { return p.id() == peer && !p.gone(); });
}

}  // namespace bowline::sim

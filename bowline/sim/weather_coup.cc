// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "bowline/sim/weather.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

// How the others get rid of the leader.
enum class Way : std::uint8_t { suspicion, campaign, transfer, restart };
Way way_of(const Episode& episode) { return static_cast<Way>(episode.amount % 4); }

}  // namespace

// A leader that is cut off goes on leading for a while, and nobody tells it of its successor. What
// it still answers must be true all the same: leases and read rounds are for this.
bool Weather::begin_coup(const Episode& episode, Running& running) {
  const NodeId old = world_.leader();
  if (!old || world_.sites() < 3) return false;
  running.nodes.push_back(old);
  const Way way = way_of(episode);
  // The order to stand for election still leaves, but nothing comes back.
  if (way == Way::transfer) world_.transfer(old);
  for (std::uint64_t i = 1; i <= world_.sites(); ++i) {
    const NodeId other{i};
    if (other == old) continue;
    running.cuts.emplace_back(other, old);
    if (way != Way::transfer) running.cuts.emplace_back(old, other);
  }
  for (const auto& [from, to] : running.cuts) world_.cut_one_way(from, to);
  Prng prng = dice(episode);
  for (const NodeId other : shuffled(prng))
    if (other != old) overthrow(episode, old, other, prng);
  return true;
}

void Weather::overthrow(const Episode& episode, NodeId old, NodeId other, Prng& prng) {
  switch (way_of(episode)) {
    case Way::suspicion: return world_.suspect(other, old);
    case Way::campaign:
      world_.forget_leader(other);
      if (prng.chance(50)) world_.campaign(other);
      return;
    case Way::transfer: return;
    case Way::restart:
      if (!world_.up(other)) return;
      world_.crash(other, prng.chance(50) ? Crash::kill : Crash::power);
      world_.restart_later(other, 1ms * static_cast<std::int64_t>(1 + prng.below(20)));
      return;
  }
}

// Clients write where the new leader is, and read at the old one.
void Weather::coup_goes_on(const Episode& episode, const Running& running, std::uint32_t part) {
  const NodeId old = running.nodes.front();
  const NodeId now = world_.leader();
  if (way_of(episode) == Way::restart && now == old)
    world_.campaign(NodeId{1 + part % world_.sites()});
  if (now && now != old)
    world_.propose(
        now, Bytes::own("coup " + std::to_string(episode.id) + " part " + std::to_string(part)));
  const bool lease = world_.plan().options.lease_reads && part % 4 != 0;
  world_.read(old, lease ? raft::ReadKind::lease : raft::ReadKind::linearizable);
}

// A follower that hears all and answers nothing. It goes on, and forgets the log behind it, while
// the leader still believes it to be where it was heard last; then the leader is told of a loss,
// and asks from there.
bool Weather::begin_mute(const Episode& episode, Running& running) {
  const NodeId leader = world_.leader();
  const NodeId node = pick(episode.node);
  if (!leader || node == leader) return false;
  running.nodes = {leader, node};
  running.cuts.emplace_back(node, leader);
  world_.cut_one_way(node, leader);
  return true;
}

void Weather::mute_goes_on(const Episode& episode, const Running& running, std::uint32_t part) {
  const NodeId leader = running.nodes[0];
  if (world_.up(leader))
    world_.propose(
        leader, Bytes::own("mute " + std::to_string(episode.id) + " part " + std::to_string(part)));
  if (part % 8 == 0) world_.take_snapshot(running.nodes[1]);
}

void Weather::end_mute(const Running& running) {
  world_.report_lost(running.nodes[0], running.nodes[1]);
}

}  // namespace bowline::sim

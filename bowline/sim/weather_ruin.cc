// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "bowline/sim/disk.h"
#include "bowline/sim/members.h"
#include "bowline/sim/weather.h"

namespace bowline::sim {
namespace {

using raft::Member;
using raft::Membership;

// Who has the most advanced log on disk, of those that have a disk. Whatever one of them knows to
// be decided, this one has.
NodeId most_advanced(const World& world, const std::set<NodeId>& doomed) {
  NodeId best;
  LogId last;
  for (std::uint64_t i = 1; i <= world.sites(); ++i) {
    const Site& site = *world.site(NodeId{i});
    if (world.node(site.id).ruined || doomed.contains(site.id)) continue;
    if (in_force(site.durable) == nullptr || last_of(site.durable) <= last) continue;
    last = last_of(site.durable);
    best = site.id;
  }
  return best;
}

// Could those that are left still decide anything, by any membership that one of them knows?
bool can_go_on(const World& world, const std::set<NodeId>& doomed) {
  const auto fine = [&](const Member& member) {
    return !doomed.contains(member.id) && !lost(world, member);
  };
  for (std::uint64_t i = 1; i <= world.sites(); ++i) {
    const Site& site = *world.site(NodeId{i});
    if (world.node(site.id).ruined || doomed.contains(site.id)) continue;
    for (const Image* image : {&site.durable, &site.written}) {
      const raft::MembershipPtr membership = in_force(*image);
      if (membership != nullptr && suffices(*membership, fine)) return true;
    }
  }
  return false;
}

// Two kinds of loss together may leave nobody who has a whole log.
bool any_rotten(const World& world) {
  for (std::uint64_t i = 1; i <= world.sites(); ++i)
    if (world.site(NodeId{i})->durable.rotten.any()) return true;
  return false;
}

}  // namespace

// So many voters lose their disks at once that the others can never decide anything again.
bool Weather::begin_ruin(const Episode& episode) {
  const NodeId best = most_advanced(world_, {});
  if (!best || any_rotten(world_)) return false;
  const raft::MembershipPtr members = in_force(world_.site(best)->durable);
  Prng prng = dice(episode);
  const std::uint64_t least = (members->voters() + 1) / 2;
  if (least >= members->voters()) return false;
  const std::uint64_t count = least + prng.below(members->voters() - least);
  std::set<NodeId> doomed;
  std::vector<NodeId> row = shuffled(prng);
  // Most is lost where those with the most advanced logs go.
  if (prng.chance(50))
    std::ranges::sort(row, std::greater{},
                      [&](NodeId id) { return std::pair(last_of(world_.site(id)->durable), id); });
  for (const NodeId id : row)
    if (doomed.size() < count && members->votes(id)) doomed.insert(id);
  if (!most_advanced(world_, doomed) || can_go_on(world_, doomed)) return false;
  for (const NodeId id : doomed) world_.ruin(id);
  return true;
}

// An operator forces the best of those that are left to go on alone, under a new cluster id. The
// others go on for a while as the cluster that they were, and disturb nobody. Then each is
// reinstalled, and when all are, they are invited to join.
void Weather::ruin_goes_on(const Episode& episode, std::uint32_t part) {
  const auto given_up = [&](NodeId id) { return world_.site(id)->given_up; };
  Prng prng(mixed(episode.amount, part));
  const std::vector<NodeId> row = shuffled(prng);
  const auto next = std::ranges::find_if(row, given_up);
  const bool ruined = std::ranges::any_of(row, [&](NodeId id) { return world_.node(id).ruined; });
  if (next != row.end()) {
    if (prng.chance(15)) world_.reinstall(*next);
  } else if (ruined) {
    force();
  } else if (part % 4 == 0) {
    invite_all();
  }
}

void Weather::end_ruin() {
  for (std::uint64_t i = 1; i <= world_.sites(); ++i)
    if (world_.site(NodeId{i})->given_up) world_.reinstall(NodeId{i});
  invite_all();
}

// Once, unless a crash undoes it. Whoever is chosen may be down, or wait for a snapshot: the
// operator waits too, since another would lack what this one has.
void Weather::force() {
  const NodeId best = most_advanced(world_, {});
  if (!best || !world_.up(best) || world_.paused(best) || can_go_on(world_, {})) return;
  if (world_.node(best).burst_ends >= world_.now()) return;  // it would hear of it late
  for (std::uint64_t i = 1; i <= world_.sites(); ++i)
    if (world_.node(NodeId{i}).forcing) return;
  if (world_.core(best)->stopped()) {
    world_.crash(best, Crash::kill);
    return world_.start(best);
  }
  world_.recover(best, world_.cluster().next());
}

void Weather::invite_all() {
  const NodeId leader = world_.leader();
  if (!leader) return;
  const Membership& members = *world_.core(leader)->memberships().latest().membership;
  std::vector<raft::Wanted> wanted;
  for (std::uint64_t i = 1; i <= world_.sites(); ++i)
    if (!world_.node(NodeId{i}).ruined) wanted.push_back({.id = NodeId{i}});
  if (members.settled() && members.members.size() < wanted.size())
    world_.reconfigure(leader, std::move(wanted));
}

}  // namespace bowline::sim

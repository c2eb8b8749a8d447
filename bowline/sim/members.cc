// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/members.h"

#include <algorithm>
#include <ranges>

#include "bowline/raft/membership_codec.h"

namespace bowline::sim {
namespace {

using raft::Member;
using raft::Standing;

template <class Counts>
bool majority(const raft::Membership& membership, Counts counts,
              const std::function<bool(const Member&)>& fine) {
  std::size_t all = 0;
  std::size_t good = 0;
  for (const Member& member : membership.members) {
    if (!counts(member)) continue;
    ++all;
    if (fine(member)) ++good;
  }
  return all == 0 || good > all / 2;
}

// Nobody counts on another life of it.
bool known_everywhere(const World& world, const Site& site) {
  for (std::uint64_t i = 1; i <= world.sites(); ++i) {
    const Site& other = *world.site(NodeId{i});
    const raft::MembershipPtr membership = in_force(other.durable);
    if (membership == nullptr) continue;
    const Member* member = membership->find(site.id);
    if (member != nullptr && member->incarnation && member->incarnation != site.incarnation)
      return false;
  }
  return true;
}

bool holds(const Site& site, LogId id) {
  if (site.snapshot.base.id.index >= id.index) return true;
  const Line* line = site.durable.at(id.index);
  return line != nullptr && line->entry.id == id && !site.durable.rotten.covers(id.index);
}

}  // namespace

raft::MembershipPtr in_force(const Image& image) {
  for (const Line& line : std::views::reverse(image.lines))
    if (line.entry.kind == raft::Kind::membership)
      return raft::decode_membership(line.entry.payload.view());
  return image.base.membership;
}

bool suffices(const raft::Membership& membership, const std::function<bool(const Member&)>& fine) {
  const auto votes = [](const Member& m) { return m.now == Standing::voter; };
  const auto leaves = [](const Member& m) { return m.outgoing; };
  const auto will_vote = [](const Member& m) { return m.goal == Standing::voter; };
  return majority(membership, votes, fine) && majority(membership, leaves, fine) &&
         majority(membership, will_vote, fine);
}

bool lost(const World& world, const Member& member) {
  const Site* site = world.site(member.id);
  if (site == nullptr || site->wiped_since_bound || world.node(member.id).ruined) return true;
  return member.incarnation && member.incarnation != site->incarnation;
}

bool may_be_wiped(const World& world, NodeId id) {
  const Site& site = *world.site(id);
  if (site.wiped_since_bound || in_force(site.durable) == nullptr) return false;
  if (!known_everywhere(world, site)) return false;
  for (std::uint64_t i = 1; i <= world.sites(); ++i) {
    const Site& other = *world.site(NodeId{i});
    // Two kinds of loss together may hit all copies of one entry.
    if (other.id != id && other.durable.rotten.any()) return false;
    const raft::MembershipPtr membership = in_force(other.durable);
    if (membership == nullptr) continue;
    const auto fine = [&](const Member& member) { return member.id != id && !lost(world, member); };
    if (!suffices(*membership, fine)) return false;
  }
  return true;
}

bool may_rot(const World& world, NodeId id, Index index) {
  const Site& site = *world.site(id);
  const Line* line = site.durable.at(index);
  const raft::MembershipPtr membership = in_force(site.durable);
  if (line == nullptr || membership == nullptr) return false;
  std::size_t rotten = 1;
  std::size_t good = 0;
  for (std::uint64_t i = 1; i <= world.sites(); ++i) {
    const Site& other = *world.site(NodeId{i});
    if (other.wiped_since_bound) return false;
    if (other.id == id) continue;
    if (other.durable.rotten.covers(index)) ++rotten;
    if (holds(other, line->entry.id)) ++good;
  }
  return good > 0 && rotten <= (membership->voters() - 1) / 2;
}

}  // namespace bowline::sim

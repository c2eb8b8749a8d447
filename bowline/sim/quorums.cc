// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/quorums.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "bowline/base/ensure.h"

namespace bowline::sim {
namespace {

// The voters of both halves, by who they are among `names`.
struct Halves {
  std::uint64_t incoming = 0;
  std::uint64_t outgoing = 0;
};

Halves halves_of(const raft::Membership& membership, const std::vector<NodeId>& names) {
  Halves halves;
  for (const raft::Member& member : membership.members) {
    const auto at = std::ranges::lower_bound(names, member.id);
    const std::uint64_t bit = 1ULL << static_cast<unsigned>(at - names.begin());
    if (member.now == raft::Standing::voter) halves.incoming |= bit;
    if (member.outgoing) halves.outgoing |= bit;
  }
  return halves;
}

std::uint64_t set_of(std::span<const NodeId> some, const std::vector<NodeId>& names) {
  std::uint64_t set = 0;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (std::ranges::find(some, names[i]) != some.end()) set |= 1ULL << i;
  return set;
}

bool majority(std::uint64_t voters, std::uint64_t yes) {
  return 2 * std::popcount(voters & yes) > std::popcount(voters);
}

bool decides(const Halves& halves, std::uint64_t yes) {
  return majority(halves.incoming, yes) && (halves.outgoing == 0 || majority(halves.outgoing, yes));
}

std::vector<NodeId> voters_of(const raft::Membership& a, const raft::Membership& b) {
  std::vector<NodeId> names;
  for (const auto* membership : {&a, &b})
    for (const raft::Member& member : membership->members) names.push_back(member.id);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

}  // namespace

bool is_quorum(const raft::Membership& membership, MemberSet yes) {
  Halves halves;
  for (std::size_t i = 0; i < membership.members.size(); ++i) {
    if (membership.members[i].now == raft::Standing::voter) halves.incoming |= 1ULL << i;
    if (membership.members[i].outgoing) halves.outgoing |= 1ULL << i;
  }
  return decides(halves, yes);
}

bool quorums_meet(const raft::Membership& a, const raft::Membership& b) {
  const std::vector<NodeId> names = voters_of(a, b);
  return quorums_meet({a, names}, {b, names});
}

bool quorums_meet(const Electorate& a, const Electorate& b) {
  const std::vector<NodeId> names = voters_of(a.membership, b.membership);
  ensure(names.size() <= 20);  // the simulator's groups are small, and this is exponential
  const Halves halves_a = halves_of(a.membership, names);
  const Halves halves_b = halves_of(b.membership, names);
  const std::uint64_t agree_a = set_of(a.agree, names);
  const std::uint64_t agree_b = set_of(b.agree, names);
  for (std::uint64_t yes = 0; yes < 1ULL << names.size(); ++yes)
    if (decides(halves_a, yes & agree_a) && decides(halves_b, ~yes & agree_b)) return false;
  return true;
}

}  // namespace bowline::sim

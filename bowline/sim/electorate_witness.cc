// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/electorate_witness.h"

#include <algorithm>

#include "bowline/sim/disk.h"
#include "bowline/sim/members.h"
#include "bowline/sim/quorums.h"
#include "bowline/words/describe.h"

namespace bowline::sim {
namespace {

// Does its disk say all that it ever knew? Others are left out, as candidates and as voters.
bool is_sound(const Site& site) {
  return !site.given_up && !site.wiped_since_bound && !site.written.rotten.any() &&
         !site.durable.rotten.any() && contains(site.written, site.snapshot.base.id);
}

bool counts(const raft::Member& member, const Site& site) {
  return !member.incarnation || member.incarnation == site.incarnation;
}

bool votes(const raft::Membership& membership, const Site& site) {
  const raft::Member* self = membership.find(site.id);
  return self != nullptr && membership.votes(site.id) && counts(*self, site);
}

bool has_membership(const raft::Persist& write) {
  return write.base || write.cut_after ||
         std::ranges::any_of(write.entries, [](const raft::Entry& entry) {
           return entry.kind == raft::Kind::membership;
         });
}

}  // namespace

void ElectorateWitness::saw(const Site&, const Mind&, const raft::Input&,
                            const raft::Effects& effects) {
  const raft::Persist* write = write_of(effects);
  if (write != nullptr && has_membership(*write)) compare();
}

void ElectorateWitness::compare() const {
  std::vector<const Site*> sound;
  for (std::uint64_t i = 1; i <= court().sites(); ++i)
    if (const Site* site = court().site(NodeId{i}); is_sound(*site)) sound.push_back(site);
  std::vector<Power> powers;
  for (const Site* site : sound) {
    const raft::MembershipPtr membership = in_force(site->written);
    if (membership == nullptr || !votes(*membership, *site)) continue;
    const bool leads = site->core != nullptr && site->core->role() == raft::Role::leader;
    Power elected{site, membership, {}};
    Power leading{site, membership, {}};
    for (const Site* other : sound) {
      const raft::Member* member = membership->find(other->id);
      if (member == nullptr || !counts(*member, *other)) continue;
      if (last_of(other->written) <= last_of(site->written)) elected.agree.push_back(other->id);
      if (other->written.hard.term <= site->written.hard.term) leading.agree.push_back(other->id);
    }
    powers.push_back(std::move(elected));
    if (leads) powers.push_back(std::move(leading));
  }
  for (std::size_t i = 0; i < powers.size(); ++i)
    for (std::size_t k = i + 1; k < powers.size(); ++k) judge(powers[i], powers[k]);
}

void ElectorateWitness::judge(const Power& one, const Power& other) const {
  if (one.site == other.site || *one.membership == *other.membership) return;
  if (one.membership->cluster != other.membership->cluster) return;
  if (quorums_meet({*one.membership, one.agree}, {*other.membership, other.agree})) return;
  violated("I12", name(one.site->id) + " with " + raft::text(*one.membership) + " and " +
                      name(other.site->id) + " with " + raft::text(*other.membership) +
                      " could decide without each other");
}

}  // namespace bowline::sim

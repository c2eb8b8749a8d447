// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/membership_witness.h"

#include <algorithm>
#include <utility>

#include "bowline/raft/membership_codec.h"
#include "bowline/sim/quorums.h"
#include "bowline/words/describe.h"

namespace bowline::sim {
namespace {

raft::Config config_of(const raft::Base& base) {
  if (base.membership != nullptr) return {base.membership_index, base.membership};
  return {{}, std::make_shared<const raft::Membership>()};
}

// Does `next` take the change back that `former` is a step of? Its voters have a majority in all
// that was decided since the change began.
bool is_way_back(const raft::Membership& former, const raft::Membership& next) {
  const auto voted_before = [&](const raft::Member& member) {
    return former.joint() ? member.outgoing : member.now == raft::Standing::voter;
  };
  const auto voters = std::ranges::count_if(former.members, voted_before);
  const auto same = [&](const raft::Member& member) {
    if (member.now != raft::Standing::voter) return true;
    const raft::Member* old = former.find(member.id);
    return old != nullptr && voted_before(*old);
  };
  return next.settled() && std::ranges::all_of(next.members, same) &&
         std::cmp_equal(voters, next.voters());
}

}  // namespace

void MembershipWitness::started(const Site& site) {
  Configs& log = logs_[site.id];
  log = {config_of(site.durable.base)};
  for (const Line& line : site.durable.lines)
    if (line.entry.kind == raft::Kind::membership)
      log.push_back({line.entry.id.index, raft::decode_membership(line.entry.payload.view())});
}

void MembershipWitness::saw(const Site& site, const Mind& mind, const raft::Input&,
                            const raft::Effects& effects) {
  Configs& log = logs_[site.id];
  if (log.empty()) log = {config_of({})};
  if (const raft::Persist* write = write_of(effects)) take(site, mind, *write, log);
  check_belief(site, mind, log);
}

void MembershipWitness::take(const Site& site, const Mind& mind, const raft::Persist& write,
                             Configs& log) {
  if (write.base && write.discard) log = {config_of(*write.base)};
  if (write.base) {
    const auto after = std::ranges::upper_bound(log, write.base->id.index, {}, &raft::Config::at);
    if (after != log.begin()) log.erase(log.begin(), std::prev(after));
    log.front() = config_of(*write.base);
  }
  if (write.cut_after)
    while (log.size() > 1 && log.back().at > *write.cut_after) log.pop_back();
  for (const raft::Entry& entry : write.entries) {
    if (entry.kind != raft::Kind::membership) continue;
    raft::Config next{entry.id.index, raft::decode_membership(entry.payload.view())};
    if (next.membership == nullptr)
      return violated("I12", name(site.id) + " appended a membership that is none");
    if (mind.role == raft::Role::leader && entry.id.term == mind.term)
      check_step(site, mind, log, next);
    log.push_back(std::move(next));
  }
}

// A replica whose log ends with any of those that are not yet known to be committed may act on it,
// and so may one that ends with the last committed one.
void MembershipWitness::check_step(const Site& site, const Mind& mind, const Configs& log,
                                   const raft::Config& next) const {
  const raft::Config& former = log.back();
  const bool opening = !former.at;  // the first leader of a group names the lives of its members
  const std::string what =
      name(site.id) + " in " + name(mind.term) + " appends a membership at " + name(next.at);
  const Line* committed_line = site.written.at(mind.commit);
  const LogId committed_id =
      committed_line != nullptr ? committed_line->entry.id : site.written.base.id;
  if (!opening && committed_id.term != mind.term)
    return violated("I12", what + " before it committed anything in its term");
  auto acting = std::ranges::upper_bound(log, mind.commit, {}, &raft::Config::at);
  if (acting != log.begin()) acting = std::prev(acting);
  if (former.at > mind.commit && !is_way_back(*former.membership, *next.membership))
    return violated("I12", what + " while the one at " + name(former.at) + " is not committed");
  for (auto other = acting; other != log.end(); ++other)
    if (!quorums_meet(*other->membership, *next.membership))
      return violated("I12", what + ", " + raft::text(*next.membership) +
                                 ", that could decide without that at " + name(other->at) + ", " +
                                 raft::text(*other->membership));
}

// What lies in entries that rotted cannot be acted on, and such a replica does not lead.
void MembershipWitness::check_belief(const Site& site, const Mind& mind, const Configs& log) const {
  if (mind.damaged || site.written.rotten.any()) return;
  if (mind.config.at != log.back().at || *mind.config.membership != *log.back().membership)
    violated("I12", name(site.id) + " acts on the membership of " + name(mind.config.at) +
                        ", and the latest of its log is at " + name(log.back().at));
}

}  // namespace bowline::sim

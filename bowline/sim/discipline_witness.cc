// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/discipline_witness.h"

#include <variant>

#include "bowline/raft/membership_codec.h"
#include "bowline/words/describe.h"

namespace bowline::sim {
namespace {

// A core knows how heavy a stretch of its log is to within about this.
constexpr std::uint64_t inexact = 64 << 10;
constexpr std::size_t most_wanted = 64;  // lost entries, at once

bool asks(const raft::Body& body) {
  return std::holds_alternative<raft::VoteRequest>(body) ||
         std::holds_alternative<raft::AppendRequest>(body) ||
         std::holds_alternative<raft::SnapshotOffer>(body) ||
         std::holds_alternative<raft::TimeoutNow>(body) ||
         std::holds_alternative<raft::EntriesRequest>(body);
}

void join(std::set<NodeId>& members, const raft::Membership* membership) {
  if (membership == nullptr) return;
  for (const raft::Member& member : membership->members) members.insert(member.id);
}

}  // namespace

void DisciplineWitness::started(const Site& site) {
  Circle& circle = circles_[site.id] = {};
  join(circle.members, site.durable.base.membership.get());
  for (const Line& line : site.durable.lines)
    if (line.entry.kind == raft::Kind::membership)
      join(circle.members, raft::decode_membership(line.entry.payload.view()).get());
}

void DisciplineWitness::saw(const Site& site, const Mind& mind, const raft::Input& input,
                            const raft::Effects& effects) {
  Circle& circle = circles_[site.id];
  if (const auto* received = std::get_if<raft::Received>(&input))
    circle.askers.insert(received->from);
  if (mind.config.at != circle.latest || circle.members.empty()) {
    circle.latest = mind.config.at;
    join(circle.members, mind.config.membership.get());
  }
  check_deafness(site, mind, input, effects);
  for (const raft::Effect& effect : effects)
    if (const auto* wrong = std::get_if<raft::Impossible>(&effect))
      violated("I25", name(site.id) + " had to stop: " + wrong->evidence);
}

// A member of a cluster is not moved by a message of another.
void DisciplineWitness::check_deafness(const Site& site, const Mind& mind, const raft::Input& input,
                                       const raft::Effects& effects) const {
  const auto* received = std::get_if<raft::Received>(&input);
  if (received == nullptr) return;
  const raft::Membership& members = *mind.config.membership;
  const raft::Member* self = members.find(site.id);
  // Others may only be reading of a former cluster; and so may who lost what came behind.
  if (self == nullptr || self->incarnation != site.incarnation) return;
  const auto lost = site.durable.rotten.stretches();
  if (!lost.empty() && lost.back().last > mind.config.at) return;
  if (received->message.cluster == members.cluster) return;
  for (const raft::Effect& effect : effects)
    if (!std::holds_alternative<raft::Persist>(effect))
      return violated("I24", name(site.id) + " does something about a message of cluster " +
                                 std::to_string(received->message.cluster.value));
}

void DisciplineWitness::sent(const Site& site, NodeId to, const raft::Message& message) {
  const Circle& circle = circles_[site.id];
  const bool known = circle.members.contains(to);
  const bool proper = asks(message.body) ? known : known || circle.askers.contains(to);
  if (!proper || to == site.id)
    return violated("I24", name(site.id) + " speaks to " + name(to) +
                               ", who is no member and has not asked: " + raft::text(message));
  if (message.from != site.incarnation)
    violated("I24", name(site.id) + " speaks in the name of another life");
  check_size(site, message);
}

// One entry goes alone, however large it is; several fit into a span, as far as a core can tell. Of
// lost ones as many may come as may be asked for.
void DisciplineWitness::check_size(const Site& site, const raft::Message& message) const {
  if (const auto* request = std::get_if<raft::EntriesRequest>(&message.body))
    check_count(site, request->wanted.size(), most_wanted);
  if (const auto* reply = std::get_if<raft::EntriesReply>(&message.body))
    check_count(site, reply->entries.size(), most_wanted);
  const auto* append = std::get_if<raft::AppendRequest>(&message.body);
  if (append == nullptr || append->entries.size() < 2) return;
  check_count(site, append->entries.size(), options_.span_entries);
  std::uint64_t bytes = 0;
  for (const raft::Entry& entry : append->entries) bytes += entry.payload.size();
  if (bytes > options_.span_bytes + inexact)
    violated("I24",
             name(site.id) + " puts " + std::to_string(bytes) + " bytes of entries into a message");
}

void DisciplineWitness::check_count(const Site& site, std::size_t count, std::size_t most) const {
  if (count > most)
    violated("I24", name(site.id) + " puts " + std::to_string(count) + " entries into a message");
}

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/members.h"

#include <algorithm>
#include <utility>

namespace bowline::etcd {
namespace {

using Urls = google::protobuf::RepeatedPtrField<std::string>;

MemberNames names_of(const raft::Wanted& one) {
  MemberNames names = names_in(one.metadata).value_or(MemberNames{});
  if (names.peer_urls.empty()) names.peer_urls.push_back("http://" + one.address);
  return names;
}

raft::Wanted* find(WantedMembers& members, std::uint64_t id) {
  const auto found = std::ranges::find(members, NodeId{id}, &raft::Wanted::id);
  return found == members.end() ? nullptr : &*found;
}

bool are_good(const Urls& urls) {
  return !urls.empty() && std::ranges::all_of(urls, [](const std::string& url) {
    return address_of(url).has_value();
  });
}

bool is_taken(const WantedMembers& members, const Urls& urls, NodeId by_another_than) {
  for (const raft::Wanted& one : members) {
    if (one.id == by_another_than) continue;
    const MemberNames names = names_of(one);
    for (const std::string& url : urls)
      if (std::ranges::find(names.peer_urls, url) != names.peer_urls.end()) return true;
  }
  return false;
}

struct Votes {
  std::size_t all = 0;
  std::size_t started = 0;  // it has said its name
  std::size_t up = 0;
  bool has_quorum(std::size_t count) const { return count >= all / 2 + 1; }
};

Votes count_votes(const WantedMembers& members, const MemberRules& rules, NodeId without = {}) {
  Votes votes;
  for (const raft::Wanted& one : members) {
    if (one.standing != raft::Standing::voter || one.id == without) continue;
    ++votes.all;
    if (!names_of(one).name.empty()) ++votes.started;
    if (rules.is_up(one.id)) ++votes.up;
  }
  return votes;
}

// A voter more: those that run now have to be a quorum with it, too.
std::optional<Wrong> may_add_voter(const WantedMembers& members, const MemberRules& rules) {
  if (!rules.strict) return std::nullopt;
  Votes votes = count_votes(members, rules);
  const bool first =
      votes.all == 1 && votes.started == 1;  // one becomes two: there is no other way
  const bool all_up = votes.up == votes.all;
  ++votes.all;
  if (!first && !votes.has_quorum(votes.started)) return Wrong::not_enough_started;
  if (!all_up) return Wrong::unhealthy_cluster;
  return std::nullopt;
}

}  // namespace

WantedMembers wanted_of(const raft::Membership& membership) {
  WantedMembers members;
  for (const raft::Member& one : membership.members)
    members.push_back({.id = one.id,
                       .standing = one.goal,
                       .priority = one.priority,
                       .address = std::string(one.address.view()),
                       .metadata = std::string(one.metadata.view())});
  return members;
}

std::optional<Wrong> apply(WantedMembers& members, const etcdserverpb::MemberAddRequest& request,
                           const MemberRules& rules) {
  if (!are_good(request.peerurls())) return Wrong::bad_member_urls;
  if (is_taken(members, request.peerurls(), {})) return Wrong::peer_urls_exist;
  const std::vector<std::string> urls(request.peerurls().begin(), request.peerurls().end());
  const NodeId id = member_id(urls, rules.token);
  if (find(members, id.value) != nullptr) return Wrong::member_exists;
  const auto learners = static_cast<std::size_t>(
      std::ranges::count(members, raft::Standing::learner, &raft::Wanted::standing));
  if (request.islearner() && learners >= rules.most_learners) return Wrong::too_many_learners;
  if (!request.islearner())
    if (const auto wrong = may_add_voter(members, rules)) return wrong;
  members.push_back(
      {.id = id,
       .standing = request.islearner() ? raft::Standing::learner : raft::Standing::voter,
       .priority = raft::default_priority,
       .address = *address_of(urls.front()),
       .metadata = to_metadata({.name = {}, .peer_urls = urls, .client_urls = {}})});
  return std::nullopt;
}

std::optional<Wrong> apply(WantedMembers& members, const etcdserverpb::MemberRemoveRequest& request,
                           const MemberRules& rules) {
  const raft::Wanted* const leaves = find(members, request.id());
  if (leaves == nullptr) return Wrong::member_not_found;
  if (leaves->standing == raft::Standing::voter) {
    const Votes rest = count_votes(members, rules, leaves->id);
    if (rest.all == 0) return Wrong::not_enough_started;
    if (rules.strict && !rest.has_quorum(rest.started)) return Wrong::not_enough_started;
    if (rules.strict && !rest.has_quorum(rest.up)) return Wrong::unhealthy_cluster;
  }
  std::erase_if(members, [&](const raft::Wanted& one) { return one.id.value == request.id(); });
  return std::nullopt;
}

std::optional<Wrong> apply(WantedMembers& members, const etcdserverpb::MemberUpdateRequest& request,
                           const MemberRules&) {
  if (!are_good(request.peerurls())) return Wrong::bad_member_urls;
  raft::Wanted* const one = find(members, request.id());
  if (one == nullptr) return Wrong::member_not_found;
  if (is_taken(members, request.peerurls(), one->id)) return Wrong::peer_urls_exist;
  MemberNames names = names_of(*one);
  names.peer_urls.assign(request.peerurls().begin(), request.peerurls().end());
  one->address = *address_of(names.peer_urls.front());
  one->metadata = to_metadata(names);
  return std::nullopt;
}

std::optional<Wrong> apply(WantedMembers& members,
                           const etcdserverpb::MemberPromoteRequest& request,
                           const MemberRules& rules) {
  raft::Wanted* const one = find(members, request.id());
  if (one == nullptr) return Wrong::member_not_found;
  if (one->standing != raft::Standing::learner) return Wrong::not_a_learner;
  if (!rules.in_sync(one->id)) return Wrong::learner_not_ready;
  one->standing = raft::Standing::voter;
  return std::nullopt;
}

std::optional<Wrong> apply(WantedMembers& members, const etcdserverpb::Member& says,
                           const MemberRules&) {
  raft::Wanted* const one = find(members, says.id());
  if (one == nullptr) return Wrong::member_not_found;
  MemberNames names = names_of(*one);
  names.name = says.name();
  names.client_urls.assign(says.clienturls().begin(), says.clienturls().end());
  one->metadata = to_metadata(names);
  return std::nullopt;
}

}  // namespace bowline::etcd

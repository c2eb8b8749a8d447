// SPDX-License-Identifier: Apache-2.0
#include "bowline/client/members.h"

#include <algorithm>
#include <string>
#include <utility>

namespace bowline::client {
namespace {

using raft::Wanted;

std::unexpected<Error> no(Fault fault, std::string why) {
  return std::unexpected(Error{fault, std::move(why)});
}

std::string node(NodeId id) { return "node " + std::to_string(id.value); }

// As they are meant to be.
wire::AskMembers as_they_are(const wire::GroupReport& report, std::optional<Index> expected) {
  wire::AskMembers ask{report.group, {}, expected.value_or(report.members_at)};
  for (const raft::Member& member : report.members.members)
    if (member.goal != raft::Standing::none)
      ask.wanted.push_back({member.id, member.goal, member.priority,
                            std::string(member.address.view()),
                            std::string(member.metadata.view())});
  return ask;
}

Result<wire::AskMembers> checked(wire::AskMembers ask) {
  if (!raft::sane(ask.wanted))
    return no(Fault::exists, "the group would have no voter, or more members than there may be");
  return ask;
}

Wanted* find(wire::AskMembers& ask, NodeId id) {
  const auto found = std::ranges::find(ask.wanted, id, &Wanted::id);
  return found == ask.wanted.end() ? nullptr : &*found;
}

}  // namespace

Result<wire::AskMembers> with_member(const wire::GroupReport& report, Wanted one,
                                     std::optional<Index> expected) {
  wire::AskMembers ask = as_they_are(report, expected);
  if (!one.id) return no(Fault::exists, "no node has the id 0");
  if (find(ask, one.id) != nullptr) return no(Fault::exists, node(one.id) + " is a member already");
  ask.wanted.push_back(std::move(one));
  std::ranges::sort(ask.wanted, {}, &Wanted::id);
  return checked(std::move(ask));
}

Result<wire::AskMembers> without_member(const wire::GroupReport& report, NodeId id,
                                        std::optional<Index> expected) {
  wire::AskMembers ask = as_they_are(report, expected);
  if (std::erase_if(ask.wanted, [id](const Wanted& one) { return one.id == id; }) == 0)
    return no(Fault::not_found, node(id) + " is no member");
  return checked(std::move(ask));
}

Result<wire::AskMembers> with_standing(const wire::GroupReport& report, NodeId id,
                                       raft::Standing standing, std::optional<Index> expected) {
  wire::AskMembers ask = as_they_are(report, expected);
  Wanted* const one = find(ask, id);
  if (one == nullptr) return no(Fault::not_found, node(id) + " is no member");
  if (one->standing == standing) return no(Fault::exists, node(id) + " is that already");
  one->standing = standing;
  return checked(std::move(ask));
}

Result<wire::AskMembers> with_members(const wire::GroupReport& report, std::vector<Wanted> all,
                                      std::optional<Index> expected) {
  std::ranges::sort(all, {}, &Wanted::id);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].id) return no(Fault::exists, "no node has the id 0");
    if (i > 0 && all[i].id == all[i - 1].id)
      return no(Fault::exists, node(all[i].id) + " is named twice");
    if (all[i].address.empty())
      return no(Fault::exists, node(all[i].id) + " has no address: say where it listens");
  }
  return checked({report.group, std::move(all), expected.value_or(report.members_at)});
}

}  // namespace bowline::client

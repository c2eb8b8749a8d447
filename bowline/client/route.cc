// SPDX-License-Identifier: Apache-2.0
#include "bowline/client/route.h"

#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::client {

std::string Route::next(GroupId group) {
  ensure(!peers_.empty());
  Known& known = groups_[group];
  if (!known.leader.empty()) return known.leader;
  return peers_[known.turn++ % peers_.size()];
}

void Route::leads(GroupId group, std::string address) {
  add(address);
  groups_[group].leader = std::move(address);
}

void Route::failed(GroupId group, const std::string& address) {
  Known& known = groups_[group];
  if (known.leader == address) known.leader.clear();
}

void Route::learn(const wire::GroupReport& report) {
  for (const raft::Member& member : report.members.members)
    if (member.address.size() > 0) add(std::string(member.address.view()));
  if (const raft::Member* const leader = report.members.find(report.leader);
      leader != nullptr && leader->address.size() > 0)
    leads(report.group, std::string(leader->address.view()));
}

void Route::add(const std::string& address) {
  if (peers_.size() >= most_peers || std::ranges::find(peers_, address) != peers_.end()) return;
  peers_.push_back(address);
}

}  // namespace bowline::client

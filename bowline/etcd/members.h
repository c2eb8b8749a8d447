// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bowline/etcd/errors.h"
#include "bowline/etcd/names.h"
#include "bowline/etcd/proto/rpc.pb.h"
#include "bowline/raft/membership.h"

// What the changes of members do to those that are wanted, and why they are refused: pure
// functions.
namespace bowline::etcd {

struct MemberRules {
  std::string token;   // goes into the ids of those that are added
  bool strict = true;  // no change that could cost the quorum
  std::size_t most_learners = 1;
  // Is it there, as the leader sees it?
  std::function<bool(NodeId)> is_up = [](NodeId) { return true; };
  // Has it nearly all that the leader has?
  std::function<bool(NodeId)> in_sync = [](NodeId) { return true; };
};

using WantedMembers = std::vector<raft::Wanted>;

WantedMembers wanted_of(const raft::Membership&);

// Each does what was asked, or says why not.
std::optional<Wrong> apply(WantedMembers&, const etcdserverpb::MemberAddRequest&,
                           const MemberRules&);
std::optional<Wrong> apply(WantedMembers&, const etcdserverpb::MemberRemoveRequest&,
                           const MemberRules&);
std::optional<Wrong> apply(WantedMembers&, const etcdserverpb::MemberUpdateRequest&,
                           const MemberRules&);
std::optional<Wrong> apply(WantedMembers&, const etcdserverpb::MemberPromoteRequest&,
                           const MemberRules&);
// What a member says of itself when it starts.
std::optional<Wrong> apply(WantedMembers&, const etcdserverpb::Member&, const MemberRules&);

}  // namespace bowline::etcd

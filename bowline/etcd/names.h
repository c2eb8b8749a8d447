// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/etcd/proto/rpc.pb.h"
#include "bowline/raft/membership.h"

// Who the members are: the ids that etcd would give them, and what the membership of the group
// keeps about each beside its address.
namespace bowline::etcd {

// Of a member: made of its URLs for peers and the cluster's token. Of one that is added later, too:
// so it knows its own when it starts.
NodeId member_id(std::vector<std::string> peer_urls, std::string_view token);
ClusterId cluster_id(std::vector<NodeId> founders);

struct MemberNames {
  std::string name;  // empty: it has not started yet
  std::vector<std::string> peer_urls;
  std::vector<std::string> client_urls;
  friend bool operator==(const MemberNames&, const MemberNames&) = default;
};
// As the metadata of a member (raft::Wanted).
std::string to_metadata(const MemberNames&);
std::optional<MemberNames> names_in(std::string_view metadata);

std::string hex_of(std::uint64_t id);  // as ids are shown

// "http://host:port" to "host:port"; nullopt: it is none that could be called.
std::optional<std::string> address_of(std::string_view url);
std::vector<std::string> split(std::string_view text, char by);

void fill(etcdserverpb::Member&, const raft::Member&);

}  // namespace bowline::etcd

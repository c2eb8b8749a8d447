// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <variant>

#include "apps/bowline/client_verbs.h"
#include "bowline/etcd/proto/rpc.pb.h"

// The members of a cluster, as whoever is asked knows them.
namespace bowline::apps {

Asked<etcdserverpb::MemberListResponse> members_of(const ClientSession&);
// By its name, or its id; none, or more than one of that name: a sentence.
Result<etcdserverpb::Member> find_member(const etcdserverpb::MemberListResponse&,
                                         const std::string& name_or_id);
std::string name_of(const etcdserverpb::Member&);  // its name, or its id
// A client of that member alone.
EtcdClient client_of(const ClientSession&, const etcdserverpb::Member&);
// A client of the leader alone. The error is a sentence.
Result<EtcdClient> client_of_leader(const ClientSession&);

}  // namespace bowline::apps

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "bowline/env/life.h"
#include "bowline/etcd/here.h"
#include "bowline/etcd/lease_keeper.h"
#include "bowline/etcd/quota.h"
#include "bowline/rpc/call.h"
#include "bowline/rpc/router.h"

namespace bowline::etcd {

// etcdserverpb.Lease. Only the leader knows how long a lease has: others ask it.
class LeaseService {
 public:
  LeaseService(Here&, LeaseKeeper&, Quota&);
  LeaseService(const LeaseService&) = delete;
  LeaseService& operator=(const LeaseService&) = delete;

  void add_to(rpc::Router&);
  // Nobody has led for so long that streams which want a leader are ended, and none begins.
  void leaderless(bool for_long);
  void stop();  // all streams are ended

 private:
  struct Stream;  // of one client that keeps leases alive

  void grant(rpc::Call, etcdserverpb::LeaseGrantRequest);
  void revoke(rpc::Call, const etcdserverpb::LeaseRevokeRequest&);
  void keep_alive(rpc::Call);
  void keep_alive(const std::shared_ptr<Stream>&, std::string_view bytes);
  void kept_alive(const std::shared_ptr<Stream>&, kv::LeaseId, std::int64_t ttl);
  void finish(const std::shared_ptr<Stream>&, rpc::Status);
  void time_to_live(rpc::Call, const etcdserverpb::LeaseTimeToLiveRequest&);
  void leases(rpc::Call);
  // As the leader.
  void keep_alive_here(std::string_view what, env::Done<std::optional<std::string>>);
  void time_to_live_here(std::string_view what, env::Done<std::optional<std::string>>);
  std::string time_to_live_of(kv::LeaseId, bool keys) const;
  void proved(env::Done<bool>);  // do we lead, just now?
  // Of what the leader was asked, and did not say.
  rpc::Status without_leader(Wrong) const;
  std::int64_t least_ttl() const;

  Here& here_;
  LeaseKeeper& keeper_;
  Quota& quota_;
  std::set<std::shared_ptr<Stream>> streams_;
  bool leaderless_ = false;
  env::Life life_;
};

}  // namespace bowline::etcd

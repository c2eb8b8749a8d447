// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/etcd/auto_compactor.h"
#include "bowline/etcd/cluster_service.h"
#include "bowline/etcd/gateway.h"
#include "bowline/etcd/health_service.h"
#include "bowline/etcd/here.h"
#include "bowline/etcd/http_pages.h"
#include "bowline/etcd/kv_service.h"
#include "bowline/etcd/lease_keeper.h"
#include "bowline/etcd/lease_service.h"
#include "bowline/etcd/maintenance_service.h"
#include "bowline/etcd/names.h"
#include "bowline/etcd/quorum.h"
#include "bowline/etcd/quota.h"
#include "bowline/etcd/served_machine.h"
#include "bowline/etcd/snapshot_service.h"
#include "bowline/etcd/watch_service.h"
#include "bowline/rpc/router.h"
#include "bowline/rpc/server.h"

namespace bowline::etcd {

// etcd's API in front of a group that runs the map, on the thread of its shard.
class Front {
 public:
  struct Options {
    MemberNames names;  // ours, for the list of members
    Settings settings;
    Quorum::Options quorum;
    rpc::ServerOptions server;
    std::uint64_t seed = 1;  // another one in each process
    env::Done<> removed;     // we are no member any more; may be left out
  };

  // The group has started. All of these outlive it.
  Front(const env::Env&, env::Network&, host::Shard&, GroupId, ServedMachine&, Options);
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  // Where clients call; told with the port that it got. May be called for several addresses.
  void listen(std::string address, env::Done<Result<std::string>> done);
  // The others know our name, and there is a leader: clients may be told to come.
  void ready(env::Done<> done);
  // Nothing new is taken; what is under way is answered, and the leadership handed over.
  void stop(env::Done<> done);

  rpc::Router& router() { return router_; }

 private:
  void add_refusals();
  void refuse_as_learner();
  void look_at_members();
  void look_at_leader();
  void add_metrics();
  void changed();
  void pump();
  void look();
  void ring();

  env::Loop& loop_;
  const env::Clock& clock_;
  ServedMachine& machine_;
  MemberNames names_;
  rpc::Router router_;
  Quorum quorum_;
  Here here_;
  LeaseKeeper keeper_;
  Quota quota_;
  AutoCompactor auto_compactor_;
  KvService kv_;
  LeaseService lease_;
  WatchService watch_;
  ClusterService cluster_;
  MaintenanceService maintenance_;
  SnapshotService snapshot_;
  HealthService health_;
  HttpPages pages_;
  Gateway gateway_;
  rpc::Server server_;
  env::TimerId look_timer_;
  Time leaderless_since_ = never;  // never: somebody leads
  NodeId leader_;                  // the last that was known
  std::uint64_t leader_changes_ = 0;
  bool pump_is_due_ = false;
  bool was_member_ = false;
  env::Done<> removed_;
  env::Life life_;
};

}  // namespace bowline::etcd

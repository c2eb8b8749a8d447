// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/env/life.h"
#include "bowline/etcd/hashes.h"
#include "bowline/etcd/here.h"
#include "bowline/rpc/call.h"
#include "bowline/rpc/router.h"

namespace bowline::etcd {

// etcdserverpb.Maintenance: how this member is, and what is done to it alone.
class MaintenanceService {
 public:
  explicit MaintenanceService(Here& here) : here_(here), hashes_(here) {}
  MaintenanceService(const MaintenanceService&) = delete;
  MaintenanceService& operator=(const MaintenanceService&) = delete;

  void add_to(rpc::Router&);

 private:
  void status(rpc::Call);
  void alarm(rpc::Call, const etcdserverpb::AlarmRequest&);
  void defragment(rpc::Call);
  void hash(rpc::Call);
  void hash_kv(rpc::Call, const etcdserverpb::HashKVRequest&);
  void move_leader(rpc::Call, const etcdserverpb::MoveLeaderRequest&);
  void downgrade(rpc::Call, const etcdserverpb::DowngradeRequest&);

  Here& here_;
  Hashes hashes_;
  env::Life life_;
};

}  // namespace bowline::etcd

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/etcd/answer_room.h"
#include "bowline/etcd/auto_compactor.h"
#include "bowline/etcd/callers.h"
#include "bowline/etcd/cluster_service.h"
#include "bowline/etcd/comparison.h"
#include "bowline/etcd/doors.h"
#include "bowline/etcd/gateway.h"
#include "bowline/etcd/health_service.h"
#include "bowline/etcd/here.h"
#include "bowline/etcd/http_pages.h"
#include "bowline/etcd/kv_service.h"
#include "bowline/etcd/lease_keeper.h"
#include "bowline/etcd/lease_service.h"
#include "bowline/etcd/maintenance_service.h"
#include "bowline/etcd/metrics.h"
#include "bowline/etcd/names.h"
#include "bowline/etcd/peer_clock.h"
#include "bowline/etcd/quorum.h"
#include "bowline/etcd/quota.h"
#include "bowline/etcd/roll_call.h"
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
    rpc::Gate gate;                                // for plain HTTP
    bool has_gateway = true;                       // the methods as JSON
    bool has_pages_apart = false;                  // plain HTTP has doors of its own
    bool times_calls = false;                      // of each method, for /metrics
    std::optional<Duration> slow_after = {};       // longer unary calls are told of; none: none are
    std::uint64_t seed = 1;                        // another one in each process
    RollCall::Verdicts verdicts;                   // of the others about this member
    std::function<ProcessFigures()> process = {};  // for /metrics; may be left out
    Duration ask_peers_every{0};                   // how far they are, for /metrics; 0: never
    // What an operator has to know of, as a sentence. May be left out.
    std::function<void(const std::string&)> tell = {};
    // Before clients may be told to come, compare our data with those of the others. Other than
    // theirs: this is called instead of `done` of ready(). Left out: they are not compared.
    env::Done<> differs_at_start = {};
  };

  // The group has started. All of these outlive it.
  Front(const env::Env&, env::Network&, host::Shard&, GroupId, ServedMachine&, Options);
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  // Where clients call; told with the port that it got. May be called for several addresses.
  void listen(std::string address, env::Done<Result<std::string>> done,
              Doors::Kind kind = Doors::Kind::clients);
  // The others know our name, and there is a leader: clients may be told to come.
  void ready(env::Done<> done);
  // Nothing new is taken; what is under way is answered, and the leadership handed over.
  void stop(env::Done<> done);

  rpc::Router& router() { return router_; }  // of calls
  const Comparison& comparison() const { return comparison_; }
  rpc::Router& pages() { return pages_are_apart_ ? routers_.pages : routers_.calls; }

 private:
  void add_refusals();
  void refuse_as_learner();
  void refuse_without_leader();
  void leaderless(bool for_long);
  void look_at_members();
  void look_at_leader();
  void add_pages(const Options&);
  void add_metrics(rpc::Router&);
  void changed();
  void pump();
  void serve(env::Done<> done);
  void look();
  void ring();

  env::Loop& loop_;
  const env::Clock& clock_;
  ServedMachine& machine_;
  MemberNames names_;
  Callers callers_;
  Routers routers_;
  rpc::Router& router_;  // of these, for calls
  bool pages_are_apart_;
  std::function<ProcessFigures()> process_;
  Quorum quorum_;
  AnswerRoom room_;
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
  PeerClock peer_clock_;
  RollCall roll_call_;
  Comparison comparison_;
  env::Done<> differs_at_start_;
  HttpPages pages_;
  Gateway gateway_;
  Doors doors_;
  env::TimerId look_timer_;
  Time leaderless_since_ = never;  // never: somebody leads
  NodeId leader_;                  // the last that was known
  std::uint64_t leader_changes_ = 0;
  bool pump_is_due_ = false;
  bool was_member_ = false;
  env::Life life_;
};

}  // namespace bowline::etcd

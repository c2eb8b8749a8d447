// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "bowline/etcd/callers.h"
#include "bowline/etcd/cluster_service.h"
#include "bowline/etcd/here.h"
#include "bowline/etcd/http_pages.h"
#include "bowline/etcd/lease_keeper.h"
#include "bowline/etcd/peer_clock.h"
#include "bowline/rpc/router.h"
#include "bowline/rpc/server.h"

namespace bowline::etcd {

// What the kernel knows of the process.
struct ProcessFigures {
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t most_open_files = 0;
  double cpu_seconds = 0;
  double started_at = 0;  // in seconds since 1970
};

struct MetricsSources {
  const Here& here;
  const rpc::Router& router;
  const Callers& callers;
  const ClusterService& cluster;
  const rpc::ServerCounters& server;
  const PeerClock& peers;
  const LeaseKeeper& leases;
  const HttpPages& pages;
  const std::function<ProcessFigures()>& process;  // may be empty
  std::size_t streams = 0;                         // of watches
  std::uint64_t leader_changes = 0;                // that this member has seen
};

// What dashboards for etcd ask for, in the text format that Prometheus reads: etcd's names, as far
// as there is here what they stand for.
std::string metrics_text(const MetricsSources&);

}  // namespace bowline::etcd

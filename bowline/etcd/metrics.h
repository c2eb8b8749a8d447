// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "bowline/etcd/here.h"
#include "bowline/rpc/router.h"
#include "bowline/rpc/server.h"

namespace bowline::etcd {

struct MetricsSources {
  const Here& here;
  const rpc::Router& router;
  const rpc::ServerCounters& server;
  std::size_t streams = 0;           // of watches
  std::uint64_t leader_changes = 0;  // that this member has seen
};

// What dashboards for etcd ask for, in the text format that Prometheus reads: etcd's names, as far
// as there is here what they stand for.
std::string metrics_text(const MetricsSources&);

}  // namespace bowline::etcd

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "apps/bowline/serve_flags.h"
#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "bowline/etcd/auto_compaction.h"
#include "bowline/etcd/comparisons.h"
#include "bowline/raft/membership.h"
#include "bowline/rpc/gate.h"
#include "bowline/rpc/limits.h"
#include "bowline/runtime/tls_options.h"

namespace bowline::apps {

// What they come to.
struct ServePlan {
  std::string directory;
  NodeId self;
  std::vector<raft::Wanted> founders;  // empty: somebody adds us
  ClusterId cluster;                   // of the founders; 0: there are none
  std::string listen_peers, advertise_peers;
  std::vector<std::string> listen_clients;
  std::vector<std::string> listen_pages;   // where HTTP is instead; empty: there as well
  std::vector<std::string> listen_probes;  // for whoever looks after the server
  std::vector<std::string> client_urls;
  std::vector<std::string> peer_urls;
  std::int64_t progress_ms = 0;
  Duration slow_after{0};         // calls that take longer are told of
  std::uint64_t quota_bytes = 0;  // 0: as large as it likes, or as the memory and the disk let it
  std::uint64_t quota_memory_bytes = 0;            // 0: as much as it likes
  std::optional<std::uint64_t> memory_for_values;  // none: all of them are in memory
  etcd::AutoCompactionOptions auto_compaction;
  etcd::Comparisons comparisons;
  bool compares_at_start = false;
  runtime::TlsOptions client_tls;  // off: no address has it
  std::set<std::string> with_tls;  // of all where clients call
  runtime::TlsOptions peer_tls;
  rpc::Limits limits;             // of a connection of a client
  rpc::Gate gate;                 // for plain HTTP
  std::vector<std::string> told;  // sentences about what was said in vain
};
// The error is a sentence that says which flag to change.
Result<ServePlan> plan_of(const ServeFlags&);

// The flags that a file says, in place of all that were given. The error names the line.
Result<ServeFlags> flags_in(const std::string& config_file);

// "1h2m3.5s", "100ms": as Go writes it.
Result<std::int64_t> milliseconds_in(std::string_view text);

}  // namespace bowline::apps

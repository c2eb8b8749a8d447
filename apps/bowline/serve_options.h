// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/bowline/serve_tls.h"
#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "bowline/etcd/auto_compaction.h"
#include "bowline/raft/membership.h"

namespace bowline::apps {

// etcd's flags, as far as they mean something here. Each has its ETCD_… variable.
struct ServeFlags {
  std::string name = "default";
  std::string data_dir;  // empty: the name and ".etcd"
  std::string listen_client_urls = "http://localhost:2379";
  std::string advertise_client_urls;  // empty: where it listens
  std::string listen_peer_urls = "http://localhost:2380";
  std::string initial_advertise_peer_urls = "http://localhost:2380";
  std::string initial_cluster;  // empty: this member alone
  std::string initial_cluster_state = "new";
  std::string initial_cluster_token = "etcd-cluster";
  std::uint32_t heartbeat_interval = 100;  // ms
  std::uint32_t election_timeout = 1000;   // ms
  std::uint64_t snapshot_count = 100'000;
  std::uint64_t max_txn_ops = 128;
  std::uint64_t max_request_bytes = 1536ULL * 1024;
  std::string progress_interval = "10m";
  bool strict_reconfig_check = true;
  std::uint64_t max_learners = 1;
  std::int64_t quota_backend_bytes = 0;
  std::int64_t memory_for_values = 0;
  std::string auto_compaction_mode = "periodic";
  std::string auto_compaction_retention = "0";
  TlsFlags client_tls;
  TlsFlags peer_tls;
  std::string tls_min_version = "TLS1.2";
  std::string config_file;  // in place of all others

  // `variables`: each may come from the environment as well.
  void add_to(CLI::App&, bool variables = true);

 private:
  void add_tls_to(CLI::App&, bool variables);
};

// What they come to.
struct ServePlan {
  std::string directory;
  NodeId self;
  std::vector<raft::Wanted> founders;  // empty: somebody adds us
  ClusterId cluster;                   // of the founders; 0: there are none
  std::string listen_peers, advertise_peers;
  std::vector<std::string> listen_clients;
  std::vector<std::string> client_urls;
  std::vector<std::string> peer_urls;
  std::int64_t progress_ms = 0;
  std::uint64_t quota_bytes = 0;  // 0: as large as it likes, or as the memory and the disk let it
  std::uint64_t quota_memory_bytes = 0;            // 0: as much as it likes
  std::optional<std::uint64_t> memory_for_values;  // none: all of them are in memory
  etcd::AutoCompactionOptions auto_compaction;
  runtime::TlsOptions client_tls;  // off: no address has it
  std::set<std::string> with_tls;  // of listen_clients
  runtime::TlsOptions peer_tls;
};
// The error is a sentence that says which flag to change.
Result<ServePlan> plan_of(const ServeFlags&);

// The flags that a file says, in place of all that were given. The error names the line.
Result<ServeFlags> flags_in(const std::string& config_file);

// "1h2m3.5s", "100ms": as Go writes it.
Result<std::int64_t> milliseconds_in(std::string_view text);

}  // namespace bowline::apps

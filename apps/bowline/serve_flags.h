// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/bowline/idle_flags.h"
#include "apps/bowline/serve_tls.h"

namespace bowline::apps {

// etcd's flags, as far as they mean something here. Each has its ETCD_… variable.
struct ServeFlags {
  std::string name = "default";
  std::string data_dir;  // empty: the name and ".etcd"
  std::string listen_client_urls = "http://localhost:2379";
  std::string advertise_client_urls;    // empty: where it listens
  std::string listen_client_http_urls;  // empty: HTTP is where gRPC is
  std::string listen_metrics_urls;
  std::string listen_peer_urls = "http://localhost:2380";
  std::string initial_advertise_peer_urls = "http://localhost:2380";
  std::string initial_cluster;  // empty: this member alone
  std::string initial_cluster_state = "new";
  std::string initial_cluster_token = "etcd-cluster";
  std::uint32_t heartbeat_interval = 100;  // ms
  std::uint32_t election_timeout = 1000;   // ms
  std::uint64_t snapshot_count = 100'000;
  std::uint64_t snapshot_catchup_entries = 10'000;
  std::uint64_t max_txn_ops = 128;
  std::uint64_t max_request_bytes = 1536ULL * 1024;
  std::uint32_t max_concurrent_streams = 10'000;
  std::string keepalive_min_time = "5s";
  std::string keepalive_interval = "2h";
  std::string keepalive_timeout = "20s";
  std::string progress_interval = "10m";
  std::string warning_duration = "300ms";
  bool strict_reconfig_check = true;
  std::uint64_t max_learners = 1;
  std::int64_t quota_backend_bytes = 0;
  std::int64_t memory_for_values = 0;
  std::int64_t backlog_bytes = 256LL << 20;
  std::string auto_compaction_mode = "periodic";
  std::string auto_compaction_retention = "0";
  std::string corrupt_check_time = "0s";  // 0: never
  bool compact_hash_check_enabled = false;
  std::string compact_hash_check_time = "1m";
  bool initial_corrupt_check = false;
  std::string feature_gates;
  bool enable_grpc_gateway = true;
  std::string metrics = "basic";
  std::string cors;            // empty: pages of others may not ask
  std::string host_whitelist;  // besides the names that we know to be ours; "*": any
  TlsFlags client_tls;
  TlsFlags peer_tls;
  std::string config_file;      // in place of all others
  std::vector<GivenFlag> idle;  // what else was given

  void add_to(CLI::App&);

 private:
  void add_urls_to(CLI::App&);
  void add_sizes_to(CLI::App&);
  void add_comparisons_to(CLI::App&);
  void add_doors_to(CLI::App&);
  void add_tls_to(CLI::App&);
  void add_idle_to(CLI::App&);
};

}  // namespace bowline::apps

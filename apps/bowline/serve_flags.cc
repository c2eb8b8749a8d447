// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_flags.h"

#include <concepts>

#include "apps/bowline/numbers.h"

namespace bowline::apps {
namespace {

// Who says a flag twice means the second, as with etcd.
template <class Value>
CLI::Option* add(CLI::App& app, const std::string& flag, Value& value, const std::string& what) {
  CLI::Option* const option = app.add_option(flag, value, what)->take_last();
  if constexpr (std::unsigned_integral<Value>) option->check(at_least(0));
  return option->capture_default_str();
}

}  // namespace

void ServeFlags::add_to(CLI::App& app) {
  add(app, "--name", name, "of this member, for people");
  add(app, "--data-dir", data_dir, "where it keeps all that it knows; default: the name and .etcd");
  add_urls_to(app);
  add_sizes_to(app);
  add_comparisons_to(app);
  add_doors_to(app);
  add_tls_to(app);
  add(app, "--config-file", config_file,
      "takes all options from this file of YAML, and from nowhere else");
  add_idle_to(app);
}

void ServeFlags::add_urls_to(CLI::App& app) {
  add(app, "--listen-client-urls", listen_client_urls, "where clients call");
  add(app, "--advertise-client-urls", advertise_client_urls, "what clients are told instead");
  add(app, "--listen-client-http-urls", listen_client_http_urls,
      "where HTTP is answered, and no gRPC; then there is none at --listen-client-urls");
  add(app, "--listen-metrics-urls", listen_metrics_urls,
      "where /metrics, /health, /livez, /readyz and /version are answered as well");
  add(app, "--listen-peer-urls", listen_peer_urls, "where the other members call");
  add(app, "--initial-advertise-peer-urls", initial_advertise_peer_urls, "what they call instead");
  add(app, "--initial-cluster", initial_cluster, "all members: name=URL,name=URL,...");
  add(app, "--initial-cluster-state", initial_cluster_state,
      "new: these found the cluster; existing: this member was added to it")
      ->check(CLI::IsMember({"new", "existing"}));
  add(app, "--initial-cluster-token", initial_cluster_token, "tells clusters apart");
  app.add_flag("--strict-reconfig-check", strict_reconfig_check,
               "no change of members that may cost the quorum");
  add(app, "--max-learners,--experimental-max-learners", max_learners, "at once");
}

void ServeFlags::add_sizes_to(CLI::App& app) {
  add(app, "--heartbeat-interval", heartbeat_interval, "in milliseconds");
  add(app, "--election-timeout", election_timeout, "in milliseconds");
  add(app, "--snapshot-count", snapshot_count, "a snapshot after so many entries of the log");
  add(app,
      "--snapshot-catchup-entries,--experimental-snapshot-catchup-entries,"
      "--experimental-snapshot-catch-up-entries",
      snapshot_catchup_entries, "stay in the log behind it, for members that are a little late");
  add(app, "--max-txn-ops", max_txn_ops, "in each list of a transaction");
  add(app, "--max-request-bytes", max_request_bytes, "of one request");
  add(app, "--watch-progress-notify-interval,--experimental-watch-progress-notify-interval",
      progress_interval, "how often watchers that want it are told that nothing happened");
  add(app, "--quota-backend-bytes", quota_backend_bytes,
      "how large the data may become; 0: as the memory for keys, and the disk, let it; below 0: as "
      "large as it likes");
  add(app, "--memory-for-values", memory_for_values,
      "in bytes; when there are more, the oldest go to a file in the data directory; 0: a quarter "
      "of the memory; below 0: all stay in memory");
  add(app, "--backlog-bytes", backlog_bytes,
      "of requests that are in memory and not on the disk yet; beyond, they are refused");
  add(app, "--auto-compaction-mode", auto_compaction_mode, "what the retention counts")
      ->check(CLI::IsMember({"periodic", "revision"}));
  add(app, "--auto-compaction-retention", auto_compaction_retention,
      "how much of the past is kept: hours, a time like 30m, or revisions; 0: all of it");
}

void ServeFlags::add_comparisons_to(CLI::App& app) {
  add(app, "--corrupt-check-time,--experimental-corrupt-check-time", corrupt_check_time,
      "how often the leader compares the data of all members, and raises the alarm CORRUPT of "
      "those "
      "that differ; 0: never");
  app.add_flag("--experimental-compact-hash-check-enabled", compact_hash_check_enabled,
               "the same after compactions, of the data as of then");
  add(app, "--compact-hash-check-time,--experimental-compact-hash-check-time",
      compact_hash_check_time, "how often it is looked for one");
  app.add_flag("--experimental-initial-corrupt-check", initial_corrupt_check,
               "at the start, compare our data with those of the others, and end if they differ");
  add(app, "--feature-gates", feature_gates,
      "InitialCorruptCheck=true,CompactHashCheck=true: the same as these two");
}

void ServeFlags::add_doors_to(CLI::App& app) {
  add(app, "--max-concurrent-streams", max_concurrent_streams, "calls at once on a connection");
  add(app, "--grpc-keepalive-min-time", keepalive_min_time,
      "clients that ping more often are sent away");
  add(app, "--grpc-keepalive-interval", keepalive_interval,
      "a connection that is silent for so long is pinged; 0: never");
  add(app, "--grpc-keepalive-timeout", keepalive_timeout,
      "and ends, if nothing comes back within this; 0: it is never pinged");
  app.add_flag("--enable-grpc-gateway", enable_grpc_gateway, "the methods as JSON below /v3/");
  add(app, "--metrics", metrics,
      "extensive: /metrics has also how long the calls of each method take")
      ->check(CLI::IsMember({"basic", "extensive"}));
  add(app, "--warning-unary-request-duration,--experimental-warning-unary-request-duration",
      warning_duration,
      "calls that take longer are told of, one in a second; 0: each takes longer");
  add(app, "--cors", cors,
      "pages of others that may ask, as https://dash.example:8080; *: all; default: none");
  add(app, "--host-whitelist", host_whitelist,
      "names under which HTTP may be asked, besides localhost, addresses, and those of "
      "--advertise-client-urls; *: any");
}

void ServeFlags::add_tls_to(CLI::App& app) {
  const auto flag = [&](const std::string& which, bool& value, const std::string& what) {
    return app.add_flag(which, value, what);
  };
  const auto version = CLI::IsMember({"TLS1.2", "TLS1.3", ""});
  add(app, "--cert-file", client_tls.cert_file,
      "our certificate, for clients; needs https:// URLs");
  add(app, "--key-file", client_tls.key_file, "the key of it");
  add(app, "--trusted-ca-file", client_tls.trusted_ca_file,
      "who vouches for clients: they show theirs");
  flag("--client-cert-auth", client_tls.client_cert_auth, "clients have to show certificates");
  add(app, "--client-crl-file", client_tls.crl_file, "which of them were revoked");
  add(app, "--tls-min-version", client_tls.min_version, "of clients")->check(version);
  add(app, "--tls-max-version", client_tls.max_version, "of clients")->check(version);
  add(app, "--cipher-suites", client_tls.cipher_suites,
      "of clients that speak TLS 1.2, as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,...");
  add(app, "--peer-cert-file", peer_tls.cert_file,
      "our certificate, for members: it names this one");
  add(app, "--peer-key-file", peer_tls.key_file, "the key of it");
  add(app, "--peer-trusted-ca-file", peer_tls.trusted_ca_file, "who vouches for members");
  flag("--peer-client-cert-auth", peer_tls.client_cert_auth, "always so");
  add(app, "--peer-crl-file", peer_tls.crl_file, "which members' certificates were revoked");
  // Refused, with a sentence.
  flag("--auto-tls", client_tls.auto_tls, "not here")->group("");
  flag("--peer-auto-tls", peer_tls.auto_tls, "not here")->group("");
  add(app, "--client-cert-allowed-hostname", client_tls.allowed_hostname, "not here")->group("");
  add(app, "--peer-cert-allowed-cn", peer_tls.allowed_cn, "not here")->group("");
  add(app, "--peer-cert-allowed-hostname", peer_tls.allowed_hostname, "not here")->group("");
}

// What they come to is said by judge_idle().
void ServeFlags::add_idle_to(CLI::App& app) {
  for (const std::string& flag : idle_flags())
    app.add_option_function<std::string>(
           flag, [this, flag](const std::string& value) { idle.push_back({flag, value}); },
           "taken, and without a meaning here")
        ->take_last()
        ->expected(0, 1)
        ->group("");
}

}  // namespace bowline::apps

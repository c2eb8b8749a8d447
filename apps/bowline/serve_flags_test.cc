// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_flags.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/serve_member.h"
#include "apps/bowline/serve_options.h"
#include "bowline/etcd/names.h"

namespace bowline::apps {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

// All flags of etcd 3.4 to 3.7 but --version, which ends the program.
const std::string flags_of_etcd =
    "advertise-client-urls auth-token auth-token-ttl auto-compaction-mode "
    "auto-compaction-retention auto-tls backend-batch-interval backend-batch-limit "
    "backend-bbolt-freelist-type bcrypt-cost bootstrap-defrag-threshold-megabytes cert-file "
    "cipher-suites client-cert-allowed-hostname client-cert-auth client-cert-file "
    "client-crl-file client-key-file cluster-active-size cluster-remove-delay "
    "cluster-sync-interval compact-hash-check-time compaction-batch-limit "
    "compaction-sleep-interval config config-file corrupt-check-time cors data-dir debug "
    "discovery discovery-cacert discovery-cert discovery-dial-timeout discovery-endpoints "
    "discovery-fallback discovery-insecure-skip-tls-verify discovery-insecure-transport "
    "discovery-keepalive-time discovery-keepalive-timeout discovery-key discovery-password "
    "discovery-proxy discovery-request-timeout discovery-srv discovery-srv-name discovery-token "
    "discovery-user distributed-tracing-address distributed-tracing-instance-id "
    "distributed-tracing-sampling-rate distributed-tracing-service-name downgrade-check-time "
    "election-timeout enable-distributed-tracing enable-grpc-gateway enable-log-rotation "
    "enable-pprof enable-v2 experimental-backend-bbolt-freelist-type "
    "experimental-bootstrap-defrag-threshold-megabytes experimental-compact-hash-check-enabled "
    "experimental-compact-hash-check-time experimental-compaction-batch-limit "
    "experimental-compaction-sleep-interval experimental-corrupt-check-time "
    "experimental-distributed-tracing-address experimental-distributed-tracing-instance-id "
    "experimental-distributed-tracing-sampling-rate "
    "experimental-distributed-tracing-service-name experimental-downgrade-check-time "
    "experimental-enable-distributed-tracing experimental-enable-lease-checkpoint "
    "experimental-enable-lease-checkpoint-persist experimental-enable-v2v3 "
    "experimental-initial-corrupt-check experimental-max-learners experimental-memory-mlock "
    "experimental-peer-skip-client-san-verification experimental-snapshot-catch-up-entries "
    "experimental-snapshot-catchup-entries experimental-stop-grpc-service-on-defrag "
    "experimental-txn-mode-write-with-shared-buffer experimental-warning-apply-duration "
    "experimental-warning-unary-request-duration experimental-watch-progress-notify-interval "
    "feature-gates force force-new-cluster grpc-keepalive-interval grpc-keepalive-min-time "
    "grpc-keepalive-timeout heartbeat-interval host-whitelist initial-advertise-peer-urls "
    "initial-cluster initial-cluster-state initial-cluster-token initial-election-tick-advance "
    "key-file listen-client-http-urls listen-client-urls listen-metrics-urls listen-peer-urls "
    "log-format log-level log-output log-outputs log-package-levels log-rotation-config-json "
    "logger max-concurrent-streams max-learners max-request-bytes max-result-buffer "
    "max-retry-attempts max-snapshots max-txn-ops max-wals memory-mlock metrics name "
    "peer-auto-tls peer-cert-allowed-cn peer-cert-allowed-hostname peer-cert-file "
    "peer-client-cert-auth peer-client-cert-file peer-client-key-file peer-crl-file "
    "peer-election-timeout peer-heartbeat-interval peer-key-file "
    "peer-skip-client-san-verification peer-trusted-ca-file pre-vote proxy proxy-dial-timeout "
    "proxy-failure-wait proxy-read-timeout proxy-refresh-interval proxy-write-timeout "
    "quota-backend-bytes raft-read-timeout raft-write-timeout retry-interval "
    "self-signed-cert-validity snapshot snapshot-catchup-entries snapshot-count "
    "socket-reuse-address socket-reuse-port strict-reconfig-check tls-max-version "
    "tls-min-version trusted-ca-file unsafe-no-fsync v v2-deprecation vv wal-dir "
    "warning-apply-duration warning-unary-request-duration watch-progress-notify-interval";

ServeFlags flags_of(Words words) {
  CLI::App app;
  ServeFlags flags;
  flags.add_to(app);
  std::ranges::reverse(words);
  app.parse(words);
  return flags;
}

Result<ServePlan> plan_with(const std::string& flag, const std::string& value) {
  return plan_of(flags_of({flag + "=" + value}));
}

// ---- flags that do something

struct Come {
  ServeFlags flags;
  ServePlan plan;
  const raft::Options& raft() const { return *setup.options.raft; }
  GroupSetup setup;
};
struct Working {
  std::string flag;  // with a value
  std::function<bool(const Come&)> works;
};

const Words with_tls{"--listen-client-urls=https://h:1", "--cert-file=c", "--key-file=k",
                     "--trusted-ca-file=a"};
const Words with_peer_tls{"--listen-peer-urls=https://h:1",
                          "--initial-advertise-peer-urls=https://h:1", "--peer-cert-file=c",
                          "--peer-key-file=k", "--peer-trusted-ca-file=a"};

std::vector<Working> of_members() {
  return {
      {"--name=x", [](const Come& c) { return c.plan.directory == "x.etcd"; }},
      {"--data-dir=/x", [](const Come& c) { return c.plan.directory == "/x"; }},
      {"--listen-peer-urls=http://h:7", [](const Come& c) { return c.plan.listen_peers == "h:7"; }},
      {"--initial-advertise-peer-urls=http://h:7",
       [](const Come& c) { return c.plan.advertise_peers == "h:7"; }},
      {"--initial-cluster=default=http://a:1,b=http://b:1",
       [](const Come& c) { return c.setup.founders.size() == 2; }},
      {"--initial-cluster-state=existing", [](const Come& c) { return c.setup.founders.empty(); }},
      {"--initial-cluster-token=x",
       [](const Come& c) { return c.plan.cluster != plan_of({})->cluster; }},
      {"--strict-reconfig-check=false",
       [](const Come& c) { return !c.flags.strict_reconfig_check; }},
      {"--max-learners=7", [](const Come& c) { return c.flags.max_learners == 7; }},
      {"--experimental-max-learners=7", [](const Come& c) { return c.flags.max_learners == 7; }},
      {"--heartbeat-interval=7", [](const Come& c) { return c.raft().heartbeat == 7ms; }},
      {"--election-timeout=700", [](const Come& c) { return c.raft().election == 700ms; }},
      {"--snapshot-count=7", [](const Come& c) { return c.setup.options.snapshot_entries == 7; }},
      {"--snapshot-catchup-entries=7",
       [](const Come& c) { return c.setup.options.keep_entries == 7; }},
      {"--experimental-snapshot-catchup-entries=7",
       [](const Come& c) { return c.setup.options.keep_entries == 7; }},
      {"--experimental-snapshot-catch-up-entries=7",
       [](const Come& c) { return c.setup.options.keep_entries == 7; }},
      {"--quota-backend-bytes=7", [](const Come& c) { return c.plan.quota_bytes == 7; }},
      {"--auto-compaction-mode=revision",
       [](const Come& c) { return c.flags.auto_compaction_mode == "revision"; }},
      {"--auto-compaction-retention=7",
       [](const Come& c) { return c.plan.auto_compaction.period == 7h; }},
      {"--config-file=/x", [](const Come& c) { return c.flags.config_file == "/x"; }},
      {"--peer-cert-file=x", [](const Come& c) { return c.flags.peer_tls.cert_file == "x"; }},
      {"--peer-key-file=x", [](const Come& c) { return c.flags.peer_tls.key_file == "x"; }},
      {"--peer-trusted-ca-file=x",
       [](const Come& c) { return c.flags.peer_tls.trusted_ca_file == "x"; }},
      {"--peer-client-cert-auth=true",
       [](const Come& c) { return c.flags.peer_tls.client_cert_auth; }},
      {"--peer-crl-file=x", [](const Come& c) { return c.flags.peer_tls.crl_file == "x"; }},
  };
}

std::vector<Working> of_clients() {
  return {
      {"--listen-client-urls=http://h:7",
       [](const Come& c) { return c.plan.listen_clients == Words{"h:7"}; }},
      {"--advertise-client-urls=http://h:7",
       [](const Come& c) { return c.plan.client_urls == Words{"http://h:7"}; }},
      {"--listen-client-http-urls=http://h:7,http://h:8",
       [](const Come& c) { return c.plan.listen_pages == Words{"h:7", "h:8"}; }},
      {"--listen-metrics-urls=http://h:7",
       [](const Come& c) { return c.plan.listen_probes == Words{"h:7"}; }},
      {"--max-txn-ops=7", [](const Come& c) { return c.flags.max_txn_ops == 7; }},
      {"--max-request-bytes=9000000",
       [](const Come& c) { return c.plan.limits.most_message_bytes == 9'000'000 + (512U << 10U); }},
      {"--max-concurrent-streams=7", [](const Come& c) { return c.plan.limits.most_streams == 7; }},
      {"--grpc-keepalive-min-time=7s",
       [](const Come& c) { return c.plan.limits.ping_at_most_every == 7s; }},
      {"--grpc-keepalive-interval=7m",
       [](const Come& c) { return c.plan.limits.ping_after == 7min; }},
      {"--grpc-keepalive-timeout=7s",
       [](const Come& c) { return c.plan.limits.ping_within == 7s; }},
      {"--watch-progress-notify-interval=7s",
       [](const Come& c) { return c.plan.progress_ms == 7000; }},
      {"--experimental-watch-progress-notify-interval=7s",
       [](const Come& c) { return c.plan.progress_ms == 7000; }},
      {"--corrupt-check-time=7s", [](const Come& c) { return c.plan.comparisons.every == 7s; }},
      {"--experimental-corrupt-check-time=7s",
       [](const Come& c) { return c.plan.comparisons.every == 7s; }},
      {"--experimental-compact-hash-check-enabled=true",
       [](const Come& c) { return c.plan.comparisons.compacted_every == 1min; }},
      {"--compact-hash-check-time=7s",
       [](const Come& c) { return c.flags.compact_hash_check_time == "7s"; }},
      {"--experimental-compact-hash-check-time=7s",
       [](const Come& c) { return c.flags.compact_hash_check_time == "7s"; }},
      {"--experimental-initial-corrupt-check=true",
       [](const Come& c) { return c.plan.compares_at_start; }},
      {"--feature-gates=InitialCorruptCheck=true,CompactHashCheck=true",
       [](const Come& c) {
         return c.plan.compares_at_start && c.plan.comparisons.compacted_every == 1min;
       }},
      {"--warning-unary-request-duration=7s",
       [](const Come& c) { return c.plan.slow_after == 7s; }},
      {"--experimental-warning-unary-request-duration=7ms",
       [](const Come& c) { return c.plan.slow_after == 7ms; }},
      {"--metrics=extensive", [](const Come& c) { return c.flags.metrics == "extensive"; }},
      {"--enable-grpc-gateway=false", [](const Come& c) { return !c.flags.enable_grpc_gateway; }},
      {"--cors=http://x,http://y",
       [](const Come& c) { return c.plan.gate.origins == Words{"http://x", "http://y"}; }},
      {"--host-whitelist=x",
       [](const Come& c) { return c.plan.gate.hosts == Words{"x", "localhost", "localhost"}; }},
      {"--cert-file=x", [](const Come& c) { return c.flags.client_tls.cert_file == "x"; }},
      {"--key-file=x", [](const Come& c) { return c.flags.client_tls.key_file == "x"; }},
      {"--trusted-ca-file=x",
       [](const Come& c) { return c.flags.client_tls.trusted_ca_file == "x"; }},
      {"--client-cert-auth=true",
       [](const Come& c) { return c.flags.client_tls.client_cert_auth; }},
      {"--client-crl-file=x", [](const Come& c) { return c.flags.client_tls.crl_file == "x"; }},
      {"--tls-min-version=TLS1.3", [](const Come& c) { return !c.plan.client_tls.also_1_2; }},
      {"--tls-max-version=TLS1.2", [](const Come& c) { return !c.plan.client_tls.also_1_3; }},
      {"--cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
       [](const Come& c) { return c.plan.client_tls.ciphers == "ECDHE-RSA-AES128-GCM-SHA256"; }},
  };
}

std::set<std::string> refused_flags() {
  return {"auto-tls",
          "peer-auto-tls",
          "client-cert-allowed-hostname",
          "peer-cert-allowed-cn",
          "peer-cert-allowed-hostname",
          "force-new-cluster",
          "discovery",
          "discovery-srv",
          "discovery-token",
          "discovery-endpoints",
          "proxy"};
}

TEST(ServeFlags, each_flag_of_etcd_works_or_says_that_it_does_not_or_is_refused) {
  std::set<std::string> working;
  for (const auto& all : {of_members(), of_clients()})
    for (const Working& one : all) working.insert(one.flag.substr(2, one.flag.find('=') - 2));
  const std::vector<std::string> names = etcd::split(flags_of_etcd, ' ');
  EXPECT_GT(names.size(), 150U);
  for (const std::string& name : names) {
    const std::string flag = "--" + name;
    if (working.contains(name)) continue;
    // No flag that is a switch is idle with this value, and "true" is one of a switch.
    const bool is_switch = name.ends_with("tls");
    const Result<ServePlan> plan = plan_with(flag, is_switch ? "true" : "7");
    if (refused_flags().contains(name)) {
      ASSERT_FALSE(plan) << flag;
      EXPECT_TRUE(plan.error().what.starts_with("--")) << plan.error().what;
      EXPECT_GT(plan.error().what.size(), flag.size() + 30) << plan.error().what;
      continue;
    }
    ASSERT_TRUE(plan) << plan.error().what;
    ASSERT_EQ(plan->told.size(), 1U) << flag;
    EXPECT_TRUE(plan->told[0].starts_with(flag + " does nothing here: ")) << plan->told[0];
    EXPECT_GT(plan->told[0].size(), flag.size() + 35) << plan->told[0];
  }
}

// What has to be said besides, for it to come to something.
Words besides(const std::string& flag) {
  if (flag.starts_with("--tls") || flag.starts_with("--cipher")) return with_tls;
  if (flag.starts_with("--peer-")) return with_peer_tls;
  return {};
}

Come come_of(const Words& words) {
  Come come{.flags = flags_of(words), .plan = {}, .setup = {}};
  const Result<ServePlan> plan = plan_of(come.flags);
  if (plan) come.plan = *plan;
  come.setup = group_setup(come.flags, come.plan);
  return come;
}

TEST(ServeFlags, those_that_mean_something_do_it) {
  for (const auto& all : {of_members(), of_clients()}) {
    for (const Working& one : all) {
      Words words = besides(one.flag);
      EXPECT_FALSE(one.works(come_of(words))) << one.flag << " is so without it";
      words.push_back(one.flag);
      const Come come = come_of(words);
      EXPECT_TRUE(one.works(come)) << one.flag;
      EXPECT_TRUE(come.plan.told.empty()) << one.flag;
    }
  }
}

TEST(ServeFlags, the_backlog_is_that_of_the_node_and_may_not_be_too_little) {
  const auto backlog_of = [](const Words& words) {
    const Come come = come_of(words);
    return node_options(come.flags, come.plan, {}).backlog_bytes;
  };
  EXPECT_EQ(backlog_of({}), NodeOptions().backlog_bytes);
  EXPECT_EQ(backlog_of({"--backlog-bytes=1048576"}), 1U << 20U);
  for (const std::string few : {"1048575", "0", "-1"}) {
    const Result<ServePlan> plan = plan_of(flags_of({"--backlog-bytes=" + few}));
    ASSERT_FALSE(plan) << few;
    EXPECT_EQ(plan.error().what,
              "--backlog-bytes: " + few + " is too little for a node; say 1048576 (1 MiB) or more");
  }
}

TEST(ServeFlags, what_asks_for_what_is_so_anyway_is_taken_without_a_word) {
  for (const char* const one :
       {"--force-new-cluster=false", "--proxy=off", "--unsafe-no-fsync=false", "--pre-vote=true",
        "--pre-vote", "--logger=zap", "--log-outputs=stderr", "--log-level=info", "--metrics=basic",
        "--enable-v2=false", "--enable-pprof=false", "--discovery-fallback=exit"}) {
    const Result<ServePlan> plan = plan_of(flags_of({one}));
    ASSERT_TRUE(plan) << plan.error().what;
    EXPECT_TRUE(plan->told.empty()) << one << plan->told.front();
  }
}

TEST(ServeFlags, a_switch_without_a_value_is_on) {
  EXPECT_FALSE(plan_of(flags_of({"--force-new-cluster"})));
  EXPECT_FALSE(plan_of(flags_of({"--force-new-cluster=true"})));
  const Result<ServePlan> plan = plan_of(flags_of({"--unsafe-no-fsync", "--name=x"}));
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->told.size(), 1U);
  EXPECT_EQ(plan->directory, "x.etcd");
}

TEST(ServeFlags, what_is_told_of_a_flag_does_not_tell_its_value) {
  const Result<ServePlan> plan = plan_with("--discovery-password", "hush");
  ASSERT_TRUE(plan);
  EXPECT_FALSE(plan->told.at(0).contains("hush"));
}

TEST(ServeFlags, the_second_of_two_counts_and_what_is_no_flag_of_etcd_is_refused) {
  EXPECT_EQ(flags_of({"--name=a", "--name=b"}).name, "b");
  EXPECT_THROW(flags_of({"--no-such-flag"}), CLI::ExtrasError);
  EXPECT_THROW(flags_of({"--initial-cluster-state=old"}), CLI::ValidationError);
  EXPECT_THROW(flags_of({"--metrics=some"}), CLI::ValidationError);
  EXPECT_THROW(flags_of({"--tls-max-version=TLS1.0"}), CLI::ValidationError);
}

}  // namespace
}  // namespace bowline::apps

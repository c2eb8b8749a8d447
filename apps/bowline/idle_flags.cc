// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/idle_flags.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "bowline/etcd/names.h"

namespace bowline::apps {
namespace {

struct IdleFlags {
  std::string_view names;    // apart by blanks
  std::string_view fits;     // values, likewise, that ask for what is so anyway
  std::string_view instead;  // a sentence
  bool is_refused = false;   // with any other value
};

constexpr std::string_view not_looked_up =
    "members are not looked up anywhere: name all of them with --initial-cluster";
constexpr std::string_view no_proxy = "there is no proxy for version 2 of the API";

constexpr std::array all_idle{
    // What would be dangerous to pass over.
    IdleFlags{
        "force-new-cluster", "false",
        "no cluster is made anew by a flag. Who has lost the majority for good makes the last "
        "survivor the whole with `bowline recover`, or a new cluster with `bowline snapshot "
        "restore`; then leave the flag out",
        true},
    IdleFlags{"discovery discovery-srv discovery-token discovery-endpoints", "", not_looked_up,
              true},
    IdleFlags{"proxy", "off",
              "there is no proxy for version 2 of the API, and this would be a member: leave the "
              "flag out if it shall be one",
              true},
    IdleFlags{"unsafe-no-fsync", "false",
              "what is acknowledged is on the disks of a majority first, as without the flag"},
    IdleFlags{"wal-dir", "",
              "the log is in the data directory, with all else: name a fast disk with --data-dir"},
    // Who may do what.
    IdleFlags{
        "auth-token bcrypt-cost auth-token-ttl", "",
        "users and roles are not served yet: whoever reaches the port for clients may do all"},
    IdleFlags{"client-cert-file client-key-file", "", "a member never calls the port for clients"},
    IdleFlags{"peer-client-cert-file peer-client-key-file", "",
              "a member shows the certificate of --peer-cert-file when it calls, too"},
    IdleFlags{"peer-skip-client-san-verification experimental-peer-skip-client-san-verification",
              "false", "the certificate of a member always has to name it"},
    IdleFlags{"self-signed-cert-validity", "", "no certificates are made here"},
    // What is found out about members.
    IdleFlags{"discovery-fallback", "exit", not_looked_up},
    IdleFlags{"discovery-proxy discovery-srv-name discovery-dial-timeout discovery-request-timeout "
              "discovery-keepalive-time discovery-keepalive-timeout discovery-insecure-transport "
              "discovery-insecure-skip-tls-verify discovery-cert discovery-key discovery-cacert "
              "discovery-user discovery-password",
              "", not_looked_up},
    IdleFlags{"proxy-failure-wait proxy-refresh-interval proxy-dial-timeout proxy-write-timeout "
              "proxy-read-timeout",
              "", no_proxy},
    IdleFlags{"enable-v2 experimental-enable-v2v3 v2-deprecation", "false",
              "version 2 of the API is not served"},
    IdleFlags{"pre-vote", "true", "members always ask before they vote"},
    IdleFlags{"initial-election-tick-advance", "true", "elections begin as they do"},
    IdleFlags{"raft-read-timeout raft-write-timeout", "",
              "who is gone is noticed by heartbeats and by its connection"},
    IdleFlags{"downgrade-check-time experimental-downgrade-check-time", "",
              "there is one version of the API, and nothing to go down to"},
    // What is told.
    IdleFlags{"logger log-level log-outputs log-output log-format log-package-levels debug "
              "enable-log-rotation log-rotation-config-json",
              "zap capnslog default stderr info false",
              "what happens is told on stderr, a line each: whoever starts the server may keep, "
              "choose and rotate them"},
    IdleFlags{"enable-pprof", "false",
              "there is nothing below /debug/pprof: use the tools for any program, such as perf"},
    IdleFlags{"enable-distributed-tracing distributed-tracing-address "
              "distributed-tracing-service-name distributed-tracing-instance-id "
              "distributed-tracing-sampling-rate experimental-enable-distributed-tracing "
              "experimental-distributed-tracing-address "
              "experimental-distributed-tracing-service-name "
              "experimental-distributed-tracing-instance-id "
              "experimental-distributed-tracing-sampling-rate",
              "false", "requests leave no traces for a collector"},
    IdleFlags{"warning-apply-duration experimental-warning-apply-duration", "",
              "calls that take long are told of as a whole: --warning-unary-request-duration"},
    // How the data is kept.
    IdleFlags{"max-snapshots max-wals", "",
              "files that are not needed any more are removed by themselves"},
    IdleFlags{"backend-bbolt-freelist-type experimental-backend-bbolt-freelist-type "
              "backend-batch-limit backend-batch-interval "
              "experimental-txn-mode-write-with-shared-buffer",
              "", "there is no bbolt below: the log alone is what has to be durable"},
    IdleFlags{"bootstrap-defrag-threshold-megabytes "
              "experimental-bootstrap-defrag-threshold-megabytes "
              "experimental-stop-grpc-service-on-defrag",
              "0 false", "nothing ever has to be defragmented"},
    IdleFlags{"compaction-batch-limit experimental-compaction-batch-limit "
              "compaction-sleep-interval experimental-compaction-sleep-interval",
              "", "the past is forgotten in small slices between requests"},
    IdleFlags{"experimental-enable-lease-checkpoint experimental-enable-lease-checkpoint-persist",
              "true", "what is left of long leases is always kept"},
    IdleFlags{"memory-mlock experimental-memory-mlock", "false",
              "no memory is locked: let the machine have no swap"},
    IdleFlags{"socket-reuse-port", "false", "an address belongs to one process"},
    IdleFlags{"socket-reuse-address", "true", "addresses are always reused like that"},
    // What etcd itself has passed over for long.
    IdleFlags{"cluster-active-size cluster-remove-delay cluster-sync-interval config force "
              "max-result-buffer max-retry-attempts peer-heartbeat-interval peer-election-timeout "
              "retry-interval snapshot v vv",
              "", "etcd does nothing with it either"},
};

bool lists(std::string_view words, std::string_view word) {
  const std::vector<std::string> all = etcd::split(words, ' ');
  return std::ranges::find(all, word) != all.end();
}

const IdleFlags* find_idle(std::string_view flag) {
  const auto* const found = std::ranges::find_if(
      all_idle, [name = flag.substr(2)](const IdleFlags& row) { return lists(row.names, name); });
  return found == all_idle.end() ? nullptr : found;
}

}  // namespace

std::vector<std::string> idle_flags() {
  std::vector<std::string> flags;
  for (const IdleFlags& row : all_idle)
    for (const std::string& name : etcd::split(row.names, ' ')) flags.push_back("--" + name);
  return flags;
}

Result<std::vector<std::string>> judge_idle(const std::vector<GivenFlag>& given) {
  std::vector<std::string> told;
  for (const GivenFlag& one : given) {
    const IdleFlags* const row = find_idle(one.flag);
    // Without a value it is a switch, and that is on.
    if (row == nullptr || lists(row->fits, one.value.empty() ? "true" : one.value)) continue;
    const std::string instead(row->instead);
    if (row->is_refused) return std::unexpected(Error{Fault::invalid, one.flag + ": " + instead});
    told.push_back(one.flag + " does nothing here: " + instead);
  }
  return told;
}

}  // namespace bowline::apps

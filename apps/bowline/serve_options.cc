// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "bowline/etcd/names.h"

namespace bowline::apps {
namespace {

// Flags of etcd that start its server here as well, and change nothing. What each is about does not
// exist here, or is always so.
constexpr std::array<std::string_view, 39> idle_flags{
    "--enable-v2",
    "--proxy",
    "--logger",
    "--log-level",
    "--log-outputs",
    "--log-format",
    "--log-package-levels",
    "--debug",
    "--pre-vote",
    "--wal-dir",
    "--max-snapshots",
    "--max-wals",
    "--metrics",
    "--enable-pprof",
    "--enable-grpc-gateway",
    "--backend-bbolt-freelist-type",
    "--backend-batch-limit",
    "--backend-batch-interval",
    "--snapshot-catchup-entries",
    "--initial-election-tick-advance",
    "--memory-mlock",
    "--unsafe-no-fsync",
    "--socket-reuse-port",
    "--socket-reuse-address",
    "--compaction-batch-limit",
    "--compaction-sleep-interval",
    "--warning-apply-duration",
    "--warning-unary-request-duration",
    "--corrupt-check-time",
    "--compact-hash-check-time",
    "--feature-gates",
    "--experimental-initial-corrupt-check",
    "--experimental-compact-hash-check-enabled",
    "--experimental-enable-lease-checkpoint",
    "--experimental-enable-lease-checkpoint-persist",
    "--raft-read-timeout",
    "--raft-write-timeout",
    "--max-concurrent-streams",
    "--grpc-keepalive-min-time",
};

std::string variable_of(std::string_view flag) {
  std::string name = "ETCD_";
  for (const char c : flag.substr(2))
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::unexpected<Error> wrong(std::string what) {
  return std::unexpected(Error{Fault::io, std::move(what)});
}

Result<std::vector<std::string>> addresses_of(const std::string& flag, const std::string& urls) {
  std::vector<std::string> addresses;
  for (const std::string& url : etcd::split(urls, ',')) {
    const auto address = etcd::address_of(url);
    if (!address || url.starts_with("https"))
      return wrong(flag + ": '" + url + "' is no URL like http://127.0.0.1:2379" +
                   (url.starts_with("https") ? ", and TLS is not served to clients yet" : ""));
    addresses.push_back(*address);
  }
  if (addresses.empty()) return wrong(flag + ": give one URL at least");
  return addresses;
}

using Cluster = std::map<std::string, std::vector<std::string>>;  // URLs of each name

Result<Cluster> cluster_of(const ServeFlags& flags) {
  const std::string whole = flags.initial_cluster.empty()
                                ? flags.name + "=" + flags.initial_advertise_peer_urls
                                : flags.initial_cluster;
  Cluster cluster;
  for (const std::string& one : etcd::split(whole, ',')) {
    // Without a name of its own it is another URL of the one before: --initial-cluster is one list.
    const std::size_t equals = one.find('=');
    const bool named = equals != std::string::npos && equals > 0;
    if (!named && flags.initial_cluster.empty()) {
      cluster[flags.name].push_back(one);
      continue;
    }
    if (!named || !etcd::address_of(std::string_view(one).substr(equals + 1)))
      return wrong("--initial-cluster: '" + one + "' is not like name=http://127.0.0.1:2380");
    cluster[one.substr(0, equals)].push_back(one.substr(equals + 1));
  }
  if (!cluster.contains(flags.name))
    return wrong("--initial-cluster: couldn't find local name \"" + flags.name +
                 "\" in the initial cluster configuration");
  return cluster;
}

void found(ServePlan& plan, const Cluster& cluster, const std::string& token) {
  std::vector<NodeId> ids;
  for (const auto& [name, urls] : cluster) {
    raft::Wanted one;
    one.id = etcd::member_id(urls, token);
    one.address = *etcd::address_of(urls.front());
    one.metadata = etcd::to_metadata({.name = name, .peer_urls = urls, .client_urls = {}});
    ids.push_back(one.id);
    plan.founders.push_back(std::move(one));
  }
  plan.cluster = etcd::cluster_id(ids);
}

}  // namespace

void ServeFlags::add_to(CLI::App& app) {
  const auto add = [&app](const std::string& flag, auto& value, const std::string& what) {
    return app.add_option(flag, value, what)->envname(variable_of(flag))->capture_default_str();
  };
  add("--name", name, "of this member, for people");
  add("--data-dir", data_dir, "where it keeps all that it knows; default: the name and .etcd");
  add("--listen-client-urls", listen_client_urls, "where clients call");
  add("--advertise-client-urls", advertise_client_urls, "what clients are told instead");
  add("--listen-peer-urls", listen_peer_urls, "where the other members call");
  add("--initial-advertise-peer-urls", initial_advertise_peer_urls, "what they call instead");
  add("--initial-cluster", initial_cluster, "all members: name=URL,name=URL,...");
  add("--initial-cluster-state", initial_cluster_state,
      "new: these found the cluster; existing: this member was added to it")
      ->check(CLI::IsMember({"new", "existing"}));
  add("--initial-cluster-token", initial_cluster_token, "tells clusters apart");
  add("--heartbeat-interval", heartbeat_interval, "in milliseconds");
  add("--election-timeout", election_timeout, "in milliseconds");
  add("--snapshot-count", snapshot_count, "a snapshot after so many entries of the log");
  add("--max-txn-ops", max_txn_ops, "in each list of a transaction");
  add("--max-request-bytes", max_request_bytes, "of one request");
  add("--watch-progress-notify-interval,--experimental-watch-progress-notify-interval",
      progress_interval, "how often watchers that want it are told that nothing happened");
  app.add_flag("--strict-reconfig-check", strict_reconfig_check,
               "no change of members that may cost the quorum")
      ->envname(variable_of("--strict-reconfig-check"));
  add("--max-learners", max_learners, "at once");
  add("--quota-backend-bytes", quota_backend_bytes, "told to clients, and not enforced yet");
  for (const std::string_view flag : idle_flags)
    app.add_option_function<std::string>(
           std::string(flag), [](const std::string&) {}, "taken, and without a meaning here")
        ->expected(0, 1)
        ->group("");
}

Result<std::int64_t> milliseconds_in(std::string_view text) {
  static const std::map<std::string_view, double, std::less<>> units{
      {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}, {"us", 1e-3}, {"ns", 1e-6}};
  double sum = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    double number = 0;
    const auto [end, fault] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (fault != std::errc())
      return wrong("'" + std::string(text) + "' is no time like 10m or 1m30s");
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::size_t letters = std::min(rest.find_first_of("0123456789."), rest.size());
    const auto unit = units.find(rest.substr(0, letters));
    if (unit == units.end())
      return wrong("'" + std::string(text) + "' is no time like 10m or 1m30s");
    sum += number * unit->second;
    rest.remove_prefix(letters);
  }
  return std::llround(sum);
}

Result<ServePlan> plan_of(const ServeFlags& flags) {
  ServePlan plan;
  plan.directory = flags.data_dir.empty() ? flags.name + ".etcd" : flags.data_dir;
  auto clients = addresses_of("--listen-client-urls", flags.listen_client_urls);
  auto peers = addresses_of("--listen-peer-urls", flags.listen_peer_urls);
  auto advertised =
      addresses_of("--initial-advertise-peer-urls", flags.initial_advertise_peer_urls);
  const auto progress = milliseconds_in(flags.progress_interval);
  const Result<Cluster> cluster = cluster_of(flags);
  for (const auto* one : {&clients, &peers, &advertised})
    if (!*one) return std::unexpected(one->error());
  if (!progress) return wrong("--watch-progress-notify-interval: " + progress.error().what);
  if (!cluster) return std::unexpected(cluster.error());
  if (peers->size() > 1) return wrong("--listen-peer-urls: one URL, of all addresses if need be");
  plan.progress_ms = std::max<std::int64_t>(*progress, 100);
  plan.listen_clients = *std::move(clients);
  plan.listen_peers = peers->front();
  plan.advertise_peers = advertised->front();
  plan.client_urls = etcd::split(
      flags.advertise_client_urls.empty() ? flags.listen_client_urls : flags.advertise_client_urls,
      ',');
  plan.peer_urls = cluster->at(flags.name);
  plan.self = etcd::member_id(plan.peer_urls, flags.initial_cluster_token);
  if (flags.initial_cluster_state == "new") found(plan, *cluster, flags.initial_cluster_token);
  return plan;
}

}  // namespace bowline::apps

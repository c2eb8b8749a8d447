// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include "apps/bowline/config_file.h"
#include "bowline/etcd/names.h"
#include "bowline/runtime/memory_limit.h"

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

constexpr std::int64_t most_hours = 24 * 365 * 100;

std::string variable_of(std::string_view flag) {
  std::string name = "ETCD_";
  for (const char c : flag.substr(2))
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::unexpected<Error> wrong(std::string what) {
  return std::unexpected(Error{Fault::io, std::move(what)});
}

struct Listed {
  std::vector<std::string> addresses;
  std::set<std::string> with_tls;

  bool all_with_tls() const { return with_tls.size() == addresses.size(); }
};

Result<Listed> addresses_of(const std::string& flag, const std::string& urls) {
  Listed listed;
  for (const std::string& url : etcd::split(urls, ',')) {
    const auto address = etcd::address_of(url);
    if (!address) return wrong(flag + ": '" + url + "' is no URL like http://127.0.0.1:2379");
    listed.addresses.push_back(*address);
    if (url.starts_with("https")) listed.with_tls.insert(*address);
  }
  if (listed.addresses.empty()) return wrong(flag + ": give one URL at least");
  return listed;
}

// If nobody knows how much there is.
constexpr std::uint64_t some_memory = std::uint64_t{1} << 30;

// A snapshot of another member is loaded beside the data that there is, so half of the memory is
// for either. Half of that again is for values, and the rest for keys.
void plan_sizes(ServePlan& plan, const ServeFlags& flags) {
  if (flags.quota_backend_bytes > 0)
    plan.quota_bytes = static_cast<std::uint64_t>(flags.quota_backend_bytes);
  if (flags.quota_backend_bytes >= 0) plan.quota_memory_bytes = runtime::memory_limit() / 2;
  if (flags.memory_for_values < 0) return;
  const std::uint64_t memory = runtime::memory_limit() == 0 ? some_memory : runtime::memory_limit();
  plan.memory_for_values = flags.memory_for_values > 0
                               ? static_cast<std::uint64_t>(flags.memory_for_values)
                               : memory / 4;
}

// A number alone is hours, or revisions.
Result<etcd::AutoCompactionOptions> compaction_of(const ServeFlags& flags) {
  using Mode = etcd::AutoCompactionOptions::Mode;
  etcd::AutoCompactionOptions options;
  const std::string& text = flags.auto_compaction_retention;
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = fault == std::errc() && end == text.data() + text.size() && number >= 0;
  if (flags.auto_compaction_mode == "revision") {
    if (!is_number)
      return wrong("--auto-compaction-retention: '" + text + "' is no number of revisions to keep");
    if (number > 0) options = {.mode = Mode::revision, .period = {}, .revisions = number};
    return options;
  }
  const Result<std::int64_t> period =
      is_number ? Result<std::int64_t>(std::min(number, most_hours) * 3'600'000)
                : milliseconds_in(text);
  if (!period || *period < 0)
    return wrong("--auto-compaction-retention: '" + text + "' is no time like 30m, and no hours");
  if (*period > 0) {
    options.mode = Mode::periodic;
    options.period = std::chrono::milliseconds(*period);
  }
  return options;
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

void ServeFlags::add_to(CLI::App& app, bool variables) {
  const auto add = [&](const std::string& flag, auto& value, const std::string& what) {
    CLI::Option* const option = app.add_option(flag, value, what)->capture_default_str();
    return variables ? option->envname(variable_of(flag)) : option;
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
  CLI::Option* const strict = app.add_flag("--strict-reconfig-check", strict_reconfig_check,
                                           "no change of members that may cost the quorum");
  if (variables) strict->envname(variable_of("--strict-reconfig-check"));
  add("--max-learners", max_learners, "at once");
  add("--quota-backend-bytes", quota_backend_bytes,
      "how large the data may become; 0: as the memory for keys, and the disk, let it; below 0: as "
      "large as it likes");
  add("--memory-for-values", memory_for_values,
      "in bytes; when there are more, the oldest go to a file in the data directory; 0: a quarter "
      "of the memory; below 0: all stay in memory");
  add("--auto-compaction-mode", auto_compaction_mode, "what the retention counts")
      ->check(CLI::IsMember({"periodic", "revision"}));
  add("--auto-compaction-retention", auto_compaction_retention,
      "how much of the past is kept: hours, a time like 30m, or revisions; 0: all of it");
  add("--config-file", config_file,
      "takes all options from this file of YAML, and from nowhere else");
  add_tls_to(app, variables);
  for (const std::string_view flag : idle_flags)
    app.add_option_function<std::string>(
           std::string(flag), [](const std::string&) {}, "taken, and without a meaning here")
        ->expected(0, 1)
        ->group("");
}

void ServeFlags::add_tls_to(CLI::App& app, bool variables) {
  const auto add = [&](const std::string& flag, auto& value, const std::string& what) {
    CLI::Option* const option = app.add_option(flag, value, what);
    return variables ? option->envname(variable_of(flag)) : option;
  };
  const auto add_flag = [&](const std::string& flag, bool& value, const std::string& what) {
    CLI::Option* const option = app.add_flag(flag, value, what);
    return variables ? option->envname(variable_of(flag)) : option;
  };
  add("--cert-file", client_tls.cert_file, "our certificate, for clients; needs https:// URLs");
  add("--key-file", client_tls.key_file, "the key of it");
  add("--trusted-ca-file", client_tls.trusted_ca_file, "who vouches for clients: they show theirs");
  add_flag("--client-cert-auth", client_tls.client_cert_auth, "clients have to show certificates");
  add("--client-crl-file", client_tls.crl_file, "which of them were revoked");
  add("--tls-min-version", tls_min_version, "of clients")
      ->check(CLI::IsMember({"TLS1.2", "TLS1.3", ""}))
      ->capture_default_str();
  add("--peer-cert-file", peer_tls.cert_file, "our certificate, for members: it names this one");
  add("--peer-key-file", peer_tls.key_file, "the key of it");
  add("--peer-trusted-ca-file", peer_tls.trusted_ca_file, "who vouches for members");
  add_flag("--peer-client-cert-auth", peer_tls.client_cert_auth, "always so");
  add("--peer-crl-file", peer_tls.crl_file, "which members' certificates were revoked");
  // Refused, with a sentence.
  add_flag("--auto-tls", client_tls.auto_tls, "not here")->group("");
  add_flag("--peer-auto-tls", peer_tls.auto_tls, "not here")->group("");
  add("--client-cert-allowed-hostname", client_tls.allowed_hostname, "not here")->group("");
  add("--peer-cert-allowed-cn", peer_tls.allowed_cn, "not here")->group("");
  add("--peer-cert-allowed-hostname", peer_tls.allowed_hostname, "not here")->group("");
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

namespace {

// Where it listens, and with what certificates.
Result<void> plan_addresses(ServePlan& plan, const ServeFlags& flags) {
  Result<Listed> clients = addresses_of("--listen-client-urls", flags.listen_client_urls);
  if (!clients) return std::unexpected(clients.error());
  Result<Listed> peers = addresses_of("--listen-peer-urls", flags.listen_peer_urls);
  if (!peers) return std::unexpected(peers.error());
  const Result<Listed> advertised =
      addresses_of("--initial-advertise-peer-urls", flags.initial_advertise_peer_urls);
  if (!advertised) return std::unexpected(advertised.error());
  if (peers->addresses.size() > 1)
    return wrong("--listen-peer-urls: one URL, of all addresses if need be");
  if (peers->all_with_tls() != advertised->all_with_tls() ||
      peers->with_tls.empty() != advertised->with_tls.empty())
    return wrong(
        "--listen-peer-urls and --initial-advertise-peer-urls: all with https://, or none");
  auto client_tls = client_tls_of(flags.client_tls, !clients->with_tls.empty(),
                                  flags.tls_min_version == "TLS1.3");
  if (!client_tls) return std::unexpected(client_tls.error());
  auto peer_tls = peer_tls_of(flags.peer_tls, !peers->with_tls.empty());
  if (!peer_tls) return std::unexpected(peer_tls.error());
  plan.client_tls = *std::move(client_tls);
  plan.peer_tls = *std::move(peer_tls);
  plan.with_tls = std::move(clients->with_tls);
  plan.listen_clients = std::move(clients->addresses);
  plan.listen_peers = peers->addresses.front();
  plan.advertise_peers = advertised->addresses.front();
  return {};
}

}  // namespace

Result<ServePlan> plan_of(const ServeFlags& flags) {
  ServePlan plan;
  plan.directory = flags.data_dir.empty() ? flags.name + ".etcd" : flags.data_dir;
  if (Result<void> planned = plan_addresses(plan, flags); !planned)
    return std::unexpected(planned.error());
  const auto progress = milliseconds_in(flags.progress_interval);
  const Result<Cluster> cluster = cluster_of(flags);
  const Result<etcd::AutoCompactionOptions> compaction = compaction_of(flags);
  if (!progress) return wrong("--watch-progress-notify-interval: " + progress.error().what);
  if (!cluster) return std::unexpected(cluster.error());
  if (!compaction) return std::unexpected(compaction.error());
  plan.progress_ms = std::max<std::int64_t>(*progress, 100);
  plan_sizes(plan, flags);
  plan.auto_compaction = *compaction;
  plan.client_urls = etcd::split(
      flags.advertise_client_urls.empty() ? flags.listen_client_urls : flags.advertise_client_urls,
      ',');
  plan.peer_urls = cluster->at(flags.name);
  plan.self = etcd::member_id(plan.peer_urls, flags.initial_cluster_token);
  if (flags.initial_cluster_state == "new") found(plan, *cluster, flags.initial_cluster_token);
  return plan;
}

Result<ServeFlags> flags_in(const std::string& config_file) {
  std::ifstream file(config_file);
  if (!file) return wrong("--config-file: " + config_file + " cannot be opened");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Result<std::vector<ConfigEntry>> entries = config_in(text);
  if (!entries) return wrong("--config-file: " + config_file + ", " + entries.error().what);
  ServeFlags flags;
  CLI::App app;
  flags.add_to(app, false);
  std::vector<std::string> words;
  for (const ConfigEntry& entry : *entries) {
    if (app.get_option_no_throw(entry.flag) == nullptr || entry.flag == "--config-file")
      return wrong("--config-file: " + config_file + ", line " + std::to_string(entry.line) +
                   ": '" + entry.flag.substr(2) + "' is no option that is known here");
    if (!entry.value.empty()) words.push_back(entry.flag + "=" + entry.value);
  }
  std::ranges::reverse(words);  // as CLI11 takes them
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return wrong("--config-file: " + config_file + ": " + error.what());
  }
  return flags;
}

}  // namespace bowline::apps

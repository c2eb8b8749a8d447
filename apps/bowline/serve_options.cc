// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_options.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include "apps/bowline/config_file.h"
#include "apps/bowline/serve_doors.h"
#include "apps/bowline/serve_tls.h"
#include "bowline/etcd/names.h"
#include "bowline/runtime/memory_limit.h"

namespace bowline::apps {
namespace {

constexpr std::int64_t most_hours = 24 * 365 * 100;

std::unexpected<Error> wrong(std::string what) {
  return std::unexpected(Error{Fault::invalid, std::move(what)});
}

struct Listed {
  std::vector<std::string> addresses;
  std::set<std::string> with_tls;

  bool all_with_tls() const { return with_tls.size() == addresses.size(); }
};

Result<Listed> addresses_of(const std::string& flag, const std::string& urls,
                            bool may_be_none = false) {
  Listed listed;
  for (const std::string& url : etcd::split(urls, ',')) {
    const auto address = etcd::address_of(url);
    if (!address) return wrong(flag + ": '" + url + "' is no URL like http://127.0.0.1:2379");
    listed.addresses.push_back(*address);
    if (url.starts_with("https")) listed.with_tls.insert(*address);
  }
  if (listed.addresses.empty() && !may_be_none) return wrong(flag + ": give one URL at least");
  return listed;
}

constexpr std::int64_t least_backlog_bytes = 1 << 20;  // host::Options has the same

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

// Those that are switched here. The error names the one that is none of etcd's.
struct Gates {
  bool initial_corrupt_check = false;
  bool compact_hash_check = false;
  std::vector<std::string> idle;  // others of etcd's, that do nothing here
};
Result<Gates> gates_of(const ServeFlags& flags) {
  constexpr std::array<std::string_view, 8> others{"AllAlpha",
                                                   "AllBeta",
                                                   "FastLeaseKeepAlive",
                                                   "LeaseCheckpoint",
                                                   "LeaseCheckpointPersist",
                                                   "SetMemberLocalAddr",
                                                   "StopGRPCServiceOnDefrag",
                                                   "TxnModeWriteWithSharedBuffer"};
  Gates gates{.initial_corrupt_check = flags.initial_corrupt_check,
              .compact_hash_check = flags.compact_hash_check_enabled,
              .idle = {}};
  if (flags.feature_gates.empty()) return gates;
  for (const std::string& one : etcd::split(flags.feature_gates, ',')) {
    const std::size_t equals = one.find('=');
    const std::string name = one.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : one.substr(equals + 1);
    if (value != "true" && value != "false")
      return wrong("--feature-gates: '" + one + "' is not like InitialCorruptCheck=true");
    if (name == "InitialCorruptCheck") {
      gates.initial_corrupt_check = value == "true";
    } else if (name == "CompactHashCheck") {
      gates.compact_hash_check = value == "true";
    } else if (std::ranges::find(others, name) != others.end()) {
      gates.idle.push_back(name);
    } else {
      return wrong("--feature-gates: etcd has no feature '" + name + "'");
    }
  }
  return gates;
}

// How often members are compared.
Result<void> plan_comparisons(ServePlan& plan, const ServeFlags& flags) {
  const Result<Gates> gates = gates_of(flags);
  const Result<std::int64_t> every = milliseconds_in(flags.corrupt_check_time);
  const Result<std::int64_t> compacted = milliseconds_in(flags.compact_hash_check_time);
  if (!gates) return std::unexpected(gates.error());
  if (!every || *every < 0)
    return wrong("--corrupt-check-time: '" + flags.corrupt_check_time + "' is no time like 12h");
  if (!compacted || *compacted <= 0)
    return wrong("--compact-hash-check-time: '" + flags.compact_hash_check_time +
                 "' is no time like 1m");
  plan.comparisons.every = std::chrono::milliseconds(*every);
  if (gates->compact_hash_check)
    plan.comparisons.compacted_every = std::chrono::milliseconds(*compacted);
  plan.compares_at_start = gates->initial_corrupt_check;
  for (const std::string& name : gates->idle)
    plan.told.push_back("--feature-gates: " + name + " is not switched here");
  return {};
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

Result<std::int64_t> milliseconds_in(std::string_view text) {
  static const std::map<std::string_view, double, std::less<>> units{
      {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}, {"us", 1e-3}, {"ns", 1e-6}};
  double sum = 0;
  std::string_view rest = text == "0" ? "0s" : text;
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

// Where clients call, and with what certificates.
Result<void> plan_doors(ServePlan& plan, const ServeFlags& flags) {
  Result<Listed> clients = addresses_of("--listen-client-urls", flags.listen_client_urls);
  if (!clients) return std::unexpected(clients.error());
  Result<Listed> pages =
      addresses_of("--listen-client-http-urls", flags.listen_client_http_urls, true);
  if (!pages) return std::unexpected(pages.error());
  Result<Listed> probes = addresses_of("--listen-metrics-urls", flags.listen_metrics_urls, true);
  if (!probes) return std::unexpected(probes.error());
  const bool is_plain = !clients->all_with_tls() || !pages->all_with_tls();
  plan.with_tls = std::move(clients->with_tls);
  plan.with_tls.merge(pages->with_tls);
  plan.with_tls.merge(probes->with_tls);
  auto tls = client_tls_of(flags.client_tls, !plan.with_tls.empty());
  if (!tls) return std::unexpected(tls.error());
  const Result<rpc::Limits> limits = limits_of(flags);
  if (!limits) return std::unexpected(limits.error());
  plan.client_tls = *std::move(tls);
  plan.listen_clients = std::move(clients->addresses);
  plan.listen_pages = std::move(pages->addresses);
  plan.listen_probes = std::move(probes->addresses);
  plan.client_urls = etcd::split(
      flags.advertise_client_urls.empty() ? flags.listen_client_urls : flags.advertise_client_urls,
      ',');
  plan.limits = *limits;
  plan.gate = gate_of(flags, plan.client_urls, is_plain);
  return {};
}

// Where members call, likewise.
Result<void> plan_peers(ServePlan& plan, const ServeFlags& flags) {
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
  auto tls = peer_tls_of(flags.peer_tls, !peers->with_tls.empty());
  if (!tls) return std::unexpected(tls.error());
  plan.peer_tls = *std::move(tls);
  plan.listen_peers = peers->addresses.front();
  plan.advertise_peers = advertised->addresses.front();
  return {};
}

}  // namespace

Result<ServePlan> plan_of(const ServeFlags& flags) {
  ServePlan plan;
  plan.directory = flags.data_dir.empty() ? flags.name + ".etcd" : flags.data_dir;
  Result<std::vector<std::string>> told = judge_idle(flags.idle);
  if (!told) return std::unexpected(told.error());
  plan.told = *std::move(told);
  if (Result<void> planned = plan_doors(plan, flags); !planned)
    return std::unexpected(planned.error());
  if (Result<void> planned = plan_peers(plan, flags); !planned)
    return std::unexpected(planned.error());
  if (Result<void> planned = plan_comparisons(plan, flags); !planned)
    return std::unexpected(planned.error());
  const auto progress = milliseconds_in(flags.progress_interval);
  const auto slow = milliseconds_in(flags.warning_duration);
  const Result<Cluster> cluster = cluster_of(flags);
  const Result<etcd::AutoCompactionOptions> compaction = compaction_of(flags);
  if (!progress) return wrong("--watch-progress-notify-interval: " + progress.error().what);
  if (!slow || *slow < 0)
    return wrong("--warning-unary-request-duration: '" + flags.warning_duration +
                 "' is no time like 300ms");
  if (!cluster) return std::unexpected(cluster.error());
  if (!compaction) return std::unexpected(compaction.error());
  if (flags.backlog_bytes < least_backlog_bytes)
    return wrong("--backlog-bytes: " + std::to_string(flags.backlog_bytes) +
                 " is too little for a node; say 1048576 (1 MiB) or more");
  plan.progress_ms = std::max<std::int64_t>(*progress, 100);
  plan.slow_after = std::chrono::milliseconds(*slow);
  plan_sizes(plan, flags);
  plan.auto_compaction = *compaction;
  plan.peer_urls = cluster->at(flags.name);
  plan.self = etcd::member_id(plan.peer_urls, flags.initial_cluster_token);
  if (flags.initial_cluster_state == "new") found(plan, *cluster, flags.initial_cluster_token);
  return plan;
}

Result<ServeFlags> flags_in(const std::string& config_file) {
  std::ifstream file(config_file);
  if (!file)
    return std::unexpected(Error{Fault::io, "--config-file: " + config_file + " cannot be opened"});
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Result<std::vector<ConfigEntry>> entries = config_in(text);
  if (!entries) return wrong("--config-file: " + config_file + ", " + entries.error().what);
  ServeFlags flags;
  CLI::App app;
  flags.add_to(app);
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

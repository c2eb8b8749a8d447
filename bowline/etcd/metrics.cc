// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/metrics.h"

#include <chrono>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/etcd/quota.h"

namespace bowline::etcd {
namespace {

class Sheet {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += "# HELP " + name_ + " " + std::string(help) + "\n# TYPE " + name_ + " " +
             std::string(type) + "\n";
  }
  void sample(const std::string& value, const std::string& labels = {},
              std::string_view suffix = {}) {
    text_ += name_ + std::string(suffix) + (labels.empty() ? "" : "{" + labels + "}") + " " +
             value + "\n";
  }
  template <class Number>
  void one(std::string_view name, std::string_view type, Number value, std::string_view help) {
    family(name, type, help);
    sample(std::to_string(value));
  }
  std::string take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

// As etcd has them, since rules ask for single ones: each is twice the one before. What lies within
// one part of 32 of a bound may be counted on either side of it.
struct Bounds {
  std::uint64_t first;  // in nanoseconds
  std::size_t count;
};
constexpr Bounds of_disks{.first = 1'000'000, .count = 14};
constexpr Bounds of_peers{.first = 100'000, .count = 16};

void put_samples(Sheet& sheet, const Histogram& nanoseconds, Bounds bounds,
                 const std::string& labels) {
  const std::string before = labels.empty() ? "" : labels + ",";
  for (std::size_t i = 0; i < bounds.count; ++i) {
    const std::uint64_t bound = bounds.first << i;
    char label[48];
    std::snprintf(label, sizeof label, "le=\"%.6g\"", static_cast<double>(bound) / 1e9);
    sheet.sample(std::to_string(nanoseconds.below(bound)), before + label, "_bucket");
  }
  sheet.sample(std::to_string(nanoseconds.count()), before + "le=\"+Inf\"", "_bucket");
  sheet.sample(std::to_string(static_cast<double>(nanoseconds.sum()) / 1e9), labels, "_sum");
  sheet.sample(std::to_string(nanoseconds.count()), labels, "_count");
}

void put_durations(Sheet& sheet, std::string_view name, std::string_view help,
                   const Histogram& nanoseconds) {
  sheet.family(name, "histogram", help);
  put_samples(sheet, nanoseconds, of_disks, {});
}

void put_server(Sheet& sheet, const MetricsSources& from) {
  const Here& here = from.here;
  const host::Replica* const replica = here.quorum.replica();
  const host::Counters& counters = here.shard.meters().counters;
  sheet.one("etcd_server_has_leader", "gauge", here.quorum.leader() ? 1 : 0,
            "Whether a leader is known: 1 or 0.");
  sheet.one("etcd_server_is_leader", "gauge", here.quorum.leads() ? 1 : 0,
            "Whether this member leads: 1 or 0.");
  sheet.one("etcd_server_is_learner", "gauge", here.is_learner() ? 1 : 0,
            "Whether this member is a learner: 1 or 0.");
  sheet.one("etcd_server_leader_changes_seen_total", "counter", from.leader_changes,
            "Changes of the leader that were seen.");
  sheet.one("etcd_server_proposals_committed_total", "gauge",
            replica == nullptr ? 0 : replica->core().commit().value, "Entries that are committed.");
  sheet.one("etcd_server_proposals_applied_total", "gauge",
            replica == nullptr ? 0 : replica->applied().index.value, "Entries that are applied.");
  sheet.one("etcd_server_proposals_pending", "gauge", here.quorum.waiting(),
            "Requests that wait for the group.");
  sheet.one("etcd_server_proposals_failed_total", "counter", counters.refused + counters.unknown,
            "Requests that the group refused, or of which nobody knows.");
  sheet.one("etcd_server_quota_backend_bytes", "gauge", here.settings.quota_bytes,
            "How large the data may become; 0: as it likes.");
  sheet.one("etcd_server_health_success", "counter", from.pages.healthy(),
            "Answers of /health that all is well.");
  sheet.one("etcd_server_health_failures", "counter", from.pages.unhealthy(),
            "Answers of /health that it is not.");
  const Histogram& applied = here.shard.meters().stages.of(host::Stage::applied);
  constexpr std::uint64_t slow_apply = 100'000'000;  // as in etcd
  sheet.one("etcd_server_slow_apply_total", "counter", applied.count() - applied.below(slow_apply),
            "Batches that were applied more than 100 ms after the decision on them.");
  sheet.one("etcd_server_snapshot_apply_in_progress_total", "gauge",
            replica != nullptr && replica->is_installing() ? 1 : 0,
            "Whether a snapshot of another member is being loaded: 1 or 0.");
  sheet.family("etcd_server_id", "gauge", "The id of this member.");
  sheet.sample("1", "server_id=\"" + hex_of(here.self().value) + "\"");
  sheet.family("etcd_server_version", "gauge", "The version that clients are told.");
  sheet.sample("1", std::string("server_version=\"") + server_version + "\"");
  sheet.family("etcd_cluster_version", "gauge", "The version of the cluster.");
  sheet.sample("1", std::string("cluster_version=\"") + cluster_version + "\"");
}

void put_alarms(Sheet& sheet, const MetricsSources& from) {
  sheet.family("etcd_debugging_server_alarms", "gauge", "Alarms that are raised.");
  for (const kv::Alarm& alarm : from.here.machine.alarms())
    sheet.sample("1", "server_id=\"" + hex_of(alarm.member) + "\",alarm_type=\"" +
                          (alarm.kind == kv::Alarm::Kind::no_space ? "NOSPACE" : "CORRUPT") + "\"");
  const ClusterService::Promotions& promotions = from.cluster.promotions();
  sheet.one("etcd_server_learner_promote_successes", "counter", promotions.done,
            "Learners that were made voters while this member led.");
  sheet.family("etcd_server_learner_promote_failures", "counter", "Those that were not, and why.");
  for (const auto& [reason, count] : promotions.refused)
    sheet.sample(std::to_string(count), "Reason=\"" + std::string(reason) + "\"");
}

// A figure that 3.4 has by another name, too.
template <class Number>
void put_twice(Sheet& sheet, const std::string& name, const char* type, Number value,
               const std::string& help) {
  sheet.one("etcd_mvcc_" + name, type, value, help);
  sheet.one("etcd_debugging_mvcc_" + name, type, value, help);
}

void put_store(Sheet& sheet, const MetricsSources& from) {
  const kv::Store& store = from.here.store();
  const DataSize size = size_of(from.here.machine);
  put_twice(sheet, "db_total_size_in_bytes", "gauge", size.taken,
            "Memory and disk taken by the data.");
  sheet.one("etcd_mvcc_db_total_size_in_use_in_bytes", "gauge", size.in_use,
            "What of it holds something: the quota is about this.");
  sheet.one("etcd_mvcc_db_open_read_transactions", "gauge", store.pins(),
            "Snapshots and long ranges that are being read.");
  sheet.one("etcd_disk_defrag_inflight", "gauge", 0,
            "Whether it is being defragmented: it never has to be.");
  sheet.one("bowline_store_memory_bytes", "gauge", store.memory_bytes(),
            "Memory taken by the data.");
  sheet.one("bowline_store_values_memory_bytes", "gauge", store.values().hot_bytes(),
            "Values that are in memory.");
  const kv::Cold* const cold = store.values().cold();
  sheet.one("bowline_store_values_file_bytes", "gauge", cold == nullptr ? 0 : cold->bytes(),
            "Disk taken by values that have left the memory.");
  sheet.one("bowline_store_values_file_in_use_bytes", "gauge",
            cold == nullptr ? 0 : cold->bytes_in_use(), "What of it holds something.");
  sheet.one("etcd_debugging_mvcc_current_revision", "gauge", store.revision(),
            "The present revision.");
  sheet.one("etcd_debugging_mvcc_compact_revision", "gauge", store.compacted(),
            "The last compaction.");
  sheet.one("etcd_debugging_mvcc_keys_total", "gauge", store.keys(), "Keys at present.");
  sheet.one("etcd_debugging_mvcc_watcher_total", "gauge", from.here.machine.watches().watchers(),
            "Watches.");
  sheet.one("etcd_debugging_mvcc_slow_watcher_total", "gauge", from.here.machine.watches().behind(),
            "Watches that have not been told all.");
  sheet.one("etcd_debugging_mvcc_watch_stream_total", "gauge", from.streams,
            "Streams with watches.");
  put_durations(sheet, "etcd_disk_wal_fsync_duration_seconds",
                "From the proposal of a batch until it is on the disk of this member.",
                from.here.shard.meters().stages.of(host::Stage::durable));
  put_durations(sheet, "etcd_disk_backend_commit_duration_seconds",
                "From the decision on a batch until the map has applied it: in memory, as there is "
                "no backend to commit.",
                from.here.shard.meters().stages.of(host::Stage::applied));
}

void put_leases(Sheet& sheet, const MetricsSources& from) {
  const kv::Leases& leases = from.here.machine.leases();
  sheet.one("etcd_debugging_lease_granted_total", "counter", leases.granted(),
            "Leases that were ever granted.");
  sheet.one("etcd_debugging_lease_revoked_total", "counter", leases.granted() - leases.all().size(),
            "Leases that are over, however they ended.");
  sheet.one("etcd_debugging_lease_renewed_total", "counter", from.leases.renewed(),
            "How often this member kept a lease alive while it led.");
  sheet.one("etcd_debugging_server_lease_expired_total", "counter", from.leases.expired(),
            "Leases that this member revoked because their time was over.");
}

// Counted as calls of this member.
void put_requests(Sheet& sheet, const MetricsSources& from) {
  const kv::Store& store = from.here.store();
  std::uint64_t ranges = 0, txns = 0;
  for (const auto& [path, method] : from.router.methods()) {
    if (path == "/etcdserverpb.KV/Range") ranges = method->started;
    if (path == "/etcdserverpb.KV/Txn") txns = method->started;
  }
  put_twice(sheet, "put_total", "counter", store.puts(), "Puts that were applied.");
  put_twice(sheet, "delete_total", "counter", store.erasures(), "Keys that were deleted.");
  put_twice(sheet, "range_total", "counter", ranges, "Ranges that were asked for.");
  put_twice(sheet, "txn_total", "counter", txns, "Transactions that were asked for.");
  sheet.one("etcd_debugging_mvcc_events_total", "counter", from.here.machine.watches().events(),
            "Events that watches were told.");
  sheet.family("etcd_server_client_requests_total", "counter",
               "Calls of clients, by the version that they say.");
  for (const auto& [version, count] : from.callers.counts()) {
    const std::string label = "client_api_version=\"" + version + "\",type=\"";
    sheet.sample(std::to_string(count.unary), label + "unary\"");
    sheet.sample(std::to_string(count.streams), label + "stream\"");
  }
}

std::vector<NodeId> peers_of(const Here& here) {
  std::vector<NodeId> peers;
  if (const raft::Membership* const members = here.members())
    for (const raft::Member& one : members->members)
      if (one.id != here.self()) peers.push_back(one.id);
  return peers;
}

void put_peers(Sheet& sheet, const MetricsSources& from) {
  const std::vector<NodeId> peers = peers_of(from.here);
  const auto each = [&](std::string_view name, std::string_view help, const std::string& side,
                        std::uint64_t host::Links::Traffic::* what) {
    sheet.family(name, "counter", help);
    for (const NodeId peer : peers)
      sheet.sample(std::to_string(from.here.shard.links().traffic(peer).*what),
                   side + "=\"" + hex_of(peer.value) + "\"");
  };
  for (const bool known : {true, false}) {
    sheet.family(known ? "etcd_network_known_peers" : "etcd_network_active_peers", "gauge",
                 known ? "The other members." : "Those of them that can be reached.");
    for (const NodeId peer : peers)
      sheet.sample(
          known || !from.here.shard.missing(peer) ? "1" : "0",
          "Local=\"" + hex_of(from.here.self().value) + "\",Remote=\"" + hex_of(peer.value) + "\"");
  }
  using Traffic = host::Links::Traffic;
  each("etcd_network_peer_sent_bytes_total", "Bytes that were sent to a member.", "To",
       &Traffic::sent_bytes);
  each("etcd_network_peer_received_bytes_total", "Bytes that came from a member.", "From",
       &Traffic::received_bytes);
  each("etcd_network_peer_sent_failures_total",
       "Connections to a member that could not be made, or broke.", "To", &Traffic::failures);
  sheet.family("etcd_network_peer_round_trip_time_seconds", "histogram",
               "From a question to a member until its answer, every few seconds.");
  for (const auto& [peer, nanoseconds] : from.peers.nanoseconds())
    put_samples(sheet, nanoseconds, of_peers, "To=\"" + hex_of(peer.value) + "\"");
}

void put_process(Sheet& sheet, const ProcessFigures& process) {
  sheet.one("process_resident_memory_bytes", "gauge", process.resident_bytes,
            "Memory of this process that is in use.");
  sheet.one("process_virtual_memory_bytes", "gauge", process.virtual_bytes,
            "Addresses that this process has taken.");
  sheet.one("process_cpu_seconds_total", "counter", process.cpu_seconds,
            "Processor time of this process, in seconds.");
  sheet.one("process_open_fds", "gauge", process.open_files,
            "Files and connections that are open.");
  sheet.one("process_max_fds", "gauge", process.most_open_files, "How many may be.");
  sheet.one("os_fd_used", "gauge", process.open_files, "The same, by etcd's own name.");
  sheet.one("os_fd_limit", "gauge", process.most_open_files, "The same, by etcd's own name.");
  sheet.one("process_start_time_seconds", "gauge", process.started_at,
            "When this process began, in seconds since 1970.");
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string labels_of(const rpc::Method& method) {
  const std::string_view path = std::string_view(method.path).substr(1);
  const std::size_t slash = path.find('/');
  const std::string_view kind = method.client_streams && method.server_streams ? "bidi_stream"
                                : method.client_streams                        ? "client_stream"
                                : method.server_streams                        ? "server_stream"
                                                                               : "unary";
  return "grpc_method=\"" + std::string(path.substr(slash + 1)) + "\",grpc_service=\"" +
         std::string(path.substr(0, slash)) + "\",grpc_type=\"" + std::string(kind) + "\"";
}

void put_call_times(Sheet& sheet, const rpc::Router& router) {
  bool is_named = false;
  for (const auto& [path, method] : router.methods()) {
    if (method->times == nullptr) continue;
    if (!std::exchange(is_named, true))
      sheet.family("grpc_server_handling_seconds", "histogram", "How long calls took.");
    const rpc::CallTimes& times = *method->times;
    const std::string labels = labels_of(*method);
    for (std::size_t i = 0; i < rpc::CallTimes::bounds.size(); ++i) {
      char bound[32];
      std::snprintf(bound, sizeof bound, ",le=\"%g\"", seconds(rpc::CallTimes::bounds[i]));
      sheet.sample(std::to_string(times.up_to(i)), labels + bound, "_bucket");
    }
    sheet.sample(std::to_string(times.count()), labels + ",le=\"+Inf\"", "_bucket");
    sheet.sample(std::to_string(seconds(times.sum())), labels, "_sum");
    sheet.sample(std::to_string(times.count()), labels, "_count");
  }
}

void put_calls(Sheet& sheet, const MetricsSources& from) {
  const auto each = [&](std::string_view name, std::string_view help, auto value) {
    sheet.family(name, "counter", help);
    for (const auto& [path, method] : from.router.methods())
      sheet.sample(std::to_string(value(*method)), labels_of(*method));
  };
  each("grpc_server_started_total", "Calls that have begun.",
       [](const rpc::Method& method) { return method.started; });
  each("grpc_server_msg_received_total", "Messages that came.",
       [](const rpc::Method& method) { return method.messages_in; });
  each("grpc_server_msg_sent_total", "Messages that were sent.",
       [](const rpc::Method& method) { return method.messages_out; });
  sheet.family("grpc_server_handled_total", "counter", "Calls that are over, by their code.");
  for (const auto& [path, method] : from.router.methods())
    for (std::size_t code = 0; code < rpc::codes; ++code)
      sheet.sample(std::to_string(method->finished[code]),
                   "grpc_code=\"" + std::string(rpc::name(static_cast<rpc::Code>(code))) + "\"," +
                       labels_of(*method));
  put_call_times(sheet, from.router);
  sheet.one("etcd_network_client_grpc_received_bytes_total", "counter", from.server.bytes_in,
            "Bytes that came from clients.");
  sheet.one("etcd_network_client_grpc_sent_bytes_total", "counter", from.server.bytes_out,
            "Bytes that were sent to clients.");
}

}  // namespace

std::string metrics_text(const MetricsSources& from) {
  Sheet sheet;
  put_server(sheet, from);
  put_alarms(sheet, from);
  put_store(sheet, from);
  put_leases(sheet, from);
  put_requests(sheet, from);
  put_peers(sheet, from);
  put_calls(sheet, from);
  if (from.process) put_process(sheet, from.process());
  return sheet.take();
}

}  // namespace bowline::etcd

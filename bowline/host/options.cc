// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/options.h"

#include <algorithm>
#include <chrono>

#include "bowline/wire/hello.h"
#include "bowline/wire/printable.h"

namespace bowline::host {
namespace {

// It may stand in the name of a certificate.
constexpr std::size_t most_cluster_bytes = 100;
constexpr std::uint64_t most_queued_bytes = std::uint64_t{1} << 40;
constexpr std::uint64_t most_permille = 1'000'000;  // keeps its product with a size in range

bool needs_no_escape(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

std::string fault_of_links(const Links::Options& links) {
  if (links.hello_within <= Duration(0)) return "links.hello_within must be above zero";
  if (links.retry_most < links.retry_floor)
    return "links.retry_most must be at least links.retry_floor";
  if (links.short_life < Duration(0)) return "links.short_life must not be negative";
  if (links.spare_lives < Duration(0)) return "links.spare_lives must not be negative";
  if (links.most_frame_bytes < (1U << 20)) return "links.most_frame_bytes must be at least 1 MiB";
  if (links.most_strangers == 0) return "links.most_strangers must be above zero";
  if (links.most_peers == 0) return "links.most_peers must be above zero";
  return {};
}

std::string fault_of_courier(const Courier::Options& courier, const Links::Options& links) {
  if (courier.part_bytes == 0) return "courier.part_bytes must be above zero";
  if (courier.frame_bytes == 0) return "courier.frame_bytes must be above zero";
  // Before they are added to each other: the sum of larger ones might wrap.
  if (courier.part_bytes > links.most_frame_bytes)
    return "courier.part_bytes must be at most links.most_frame_bytes";
  if (courier.frame_bytes > links.most_frame_bytes)
    return "courier.frame_bytes must be at most links.most_frame_bytes";
  if (courier.queued_bytes > most_queued_bytes) return "courier.queued_bytes must be at most 1 TiB";
  if (courier.queued_bytes < courier.frame_bytes)
    return "courier.queued_bytes must be at least courier.frame_bytes";
  if (courier.most_bytes(0) > links.most_frame_bytes)
    return "courier.frame_bytes and courier.part_bytes must be smaller, or links.most_frame_bytes "
           "be " +
           std::to_string(courier.most_bytes(0)) + ": nobody would take a larger frame";
  return {};
}

std::string fault_of_transfers(const Transfers::Options& transfers) {
  if (transfers.most_givings == 0) return "transfers.most_givings must be above zero";
  if (transfers.fetches_at_once == 0) return "transfers.fetches_at_once must be above zero";
  if (transfers.stalled_after <= Duration(0)) return "transfers.stalled_after must be above zero";
  if (transfers.rounds == 0) return "transfers.rounds must be above zero";
  return {};
}

std::string fault_of_detector(const Detector::Options& detector) {
  if (detector.silence < 4 * detector.pulse)
    return "detector.silence must be at least four times detector.pulse";
  return {};
}

// The protocol takes any of them, as its tests do; a thread has other things to do.
std::string fault_of_beats(const raft::Options& raft) {
  if (raft.heartbeat == Duration(0) && raft.heartbeat_every() < shortest)
    return "raft: heartbeat_factor must be smaller, or election longer: heartbeats must be at "
           "least 1 ms apart";
  return fault_of_pauses(
      {{"raft: heartbeat", raft.heartbeat_every()}, {"raft: retry", raft.retry}});
}

}  // namespace

std::string fault_of_lengths(std::initializer_list<Named> all) {
  for (const auto& [name, duration] : all)
    if (duration > longest) return std::string(name) + " must be at most a year";
  return {};
}

std::string fault_of_pauses(std::initializer_list<Named> all) {
  for (const auto& [name, duration] : all)
    if (duration < shortest) return std::string(name) + " must be at least 1 ms";
  return {};
}

std::string Options::fault() const {
  if (std::string fault = fault_of_lengths({{"log.mark_after", log.mark_after},
                                            {"log.retry_full_after", log.retry_full_after},
                                            {"log.scrub_every", log.scrub_every},
                                            {"links.hello_within", links.hello_within},
                                            {"links.retry_floor", links.retry_floor},
                                            {"links.retry_most", links.retry_most},
                                            {"links.short_life", links.short_life},
                                            {"links.spare_lives", links.spare_lives},
                                            {"detector.pulse", detector.pulse},
                                            {"detector.silence", detector.silence},
                                            {"balance_every", balance_every},
                                            {"transfers.stalled_after", transfers.stalled_after},
                                            {"transfers.again_after", transfers.again_after}});
      !fault.empty())
    return fault;
  if (std::string fault = fault_of_pauses({{"links.retry_floor", links.retry_floor},
                                           {"detector.pulse", detector.pulse},
                                           {"transfers.again_after", transfers.again_after}});
      !fault.empty())
    return fault;
  if (!self) return "self must not be 0: each node has an id of its own";
  if (name.size() > wire::most_name_bytes || !std::ranges::all_of(name, wire::is_printable))
    return "name must be at most 255 letters, all of them printable ASCII";
  if (listen.empty()) return "listen must be an address: \"host:port\"";
  if (advertise.size() > wire::most_name_bytes) return "advertise must be at most 255 letters";
  if (cluster.size() > most_cluster_bytes || !std::ranges::all_of(cluster, needs_no_escape))
    return "cluster must be at most 100 letters, digits, and - . _";
  if (newest_version < wire::oldest_version || newest_version > wire::newest_version)
    return "newest_version must be from " + std::to_string(wire::oldest_version) + " to " +
           std::to_string(wire::newest_version) + ", the versions that this release speaks";
  if (boot == 0) return "boot must not be 0: draw it at random at each start";
  if (std::string fault = log.fault(); !fault.empty()) return "log: " + fault;
  if (std::string fault = snapshots.fault(); !fault.empty()) return "snapshots: " + fault;
  if (std::string fault = fault_of_links(links); !fault.empty()) return fault;
  if (std::string fault = fault_of_detector(detector); !fault.empty()) return fault;
  if (operators.admit > Admit::anybody)
    return "operators.admit must be one of those that host::Admit has";
  if (operators.most == 0) return "operators.most must be above zero";
  if (operators.most_asks == 0) return "operators.most_asks must be above zero";
  if (backlog_bytes < (1U << 20)) return "backlog_bytes must be at least 1 MiB";
  if (balance_every != Duration(0) && balance_every < shortest)
    return "balance_every must be 0 or at least 1 ms";
  if (balance_at_once == 0) return "balance_at_once must be above zero";
  if (std::string fault = fault_of_courier(courier, links); !fault.empty()) return fault;
  return fault_of_transfers(transfers);
}

std::shared_ptr<const raft::Options> GroupOptions::usual() {
  raft::Options options;
  options.hibernate_after = std::chrono::seconds(5);
  return std::make_shared<const raft::Options>(options);
}

GroupOptions GroupOptions::with(const std::function<void(raft::Options&)>& set) {
  GroupOptions options;
  options.adjust(set);
  return options;
}

void GroupOptions::adjust(const std::function<void(raft::Options&)>& set) {
  const auto changed = std::make_shared<raft::Options>(*raft);
  set(*changed);
  raft = changed;
}

std::string GroupOptions::fault() const {
  if (raft == nullptr) return "raft must be given";
  if (std::string fault = raft->fault(); !fault.empty()) return "raft: " + fault;
  if (std::string fault = fault_of_beats(*raft); !fault.empty()) return fault;
  if (slice_bytes == 0) return "slice_bytes must be above zero";
  if (unapplied_bytes == 0) return "unapplied_bytes must be above zero";
  if (snapshot_permille > most_permille) return "snapshot_permille must be at most 1000000";
  if (snapshot_every != Duration(0) && snapshot_every < shortest)
    return "snapshot_every must be 0 or at least 1 ms";
  return fault_of_lengths({{"snapshot_every", snapshot_every}});
}

std::string GroupOptions::cannot_become(const GroupOptions& next) const {
  if (std::string fault = next.fault(); !fault.empty()) return fault;
  if (cluster != next.cluster) return "cluster cannot change while the group runs";
  if (raft->lease_reads != next.raft->lease_reads)
    return "raft: lease_reads cannot change while the group runs: restart the nodes, one by one";
  const bool same_times =
      raft->election == next.raft->election && raft->drift_permille == next.raft->drift_permille;
  if (raft->lease_reads && !same_times)
    return "raft: election and drift_permille cannot change while lease_reads are on, since other "
           "members count on them: restart the nodes, one by one";
  return {};
}

}  // namespace bowline::host

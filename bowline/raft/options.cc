// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/options.h"

#include <chrono>

namespace bowline::raft {
namespace {

constexpr Duration longest = std::chrono::hours(24);  // keeps all sums of times in range
constexpr Duration longest_calm = std::chrono::hours(24 * 365);

std::string fault_of_times(const Options& options) {
  if (options.heartbeat < Duration::zero()) return "heartbeat must not be negative";
  if (options.heartbeat == Duration::zero() && options.heartbeat_factor < 2)
    return "heartbeat_factor must be at least 2, or heartbeat be given";
  if (options.election <= Duration::zero()) return "election must be above zero";
  if (options.heartbeat_every() <= Duration::zero())
    return "heartbeat_factor must be smaller: election has no room for so many heartbeats";
  if (options.election > longest) return "election must be at most a day";
  // Below two heartbeats one lost message would start an election, and a leader could not tell in
  // time that it is alone.
  if (options.election / 2 < options.heartbeat_every())
    return "heartbeat must be at most half of election";
  if (options.stagger < Duration::zero()) return "stagger must not be negative";
  if (options.retry <= Duration::zero()) return "retry must be above zero";
  if (options.retry > options.election) return "retry must be at most election";
  if (options.hibernate_after != Duration::zero() &&
      options.hibernate_after < options.heartbeat_every())
    return "hibernate_after must be 0 or at least heartbeat";
  if (options.hibernate_after > longest_calm) return "hibernate_after must be at most a year";
  if (options.stagger > options.election) return "stagger must be at most election";
  return {};
}

std::string fault_of_lease(const Options& options) {
  if (options.drift_permille >= 500) return "drift_permille must be below 500";
  if (!options.lease_reads) return {};
  // A leader that nobody else protects cannot promise that it is the only one.
  if (!options.check_quorum) return "lease_reads need check_quorum";
  return {};
}

std::string fault_of_bounds(const Options& options) {
  if (options.inflight_messages == 0) return "inflight_messages must be above zero";
  if (options.inflight_bytes == 0) return "inflight_bytes must be above zero";
  if (options.span_entries == 0) return "span_entries must be above zero";
  if (options.span_entries > most_entries)
    return "span_entries must be at most " + std::to_string(most_entries);
  if (options.span_bytes == 0) return "span_bytes must be above zero";
  if (options.span_bytes > options.inflight_bytes)
    return "span_bytes must be at most inflight_bytes";
  if (options.entry_bytes == 0) return "entry_bytes must be above zero";
  if (options.uncommitted_bytes < options.entry_bytes)
    return "uncommitted_bytes must be at least entry_bytes";
  if (options.pending_reads == 0) return "pending_reads must be above zero";
  return {};
}

}  // namespace

std::string Options::fault() const {
  if (std::string fault = fault_of_times(*this); !fault.empty()) return fault;
  if (std::string fault = fault_of_lease(*this); !fault.empty()) return fault;
  return fault_of_bounds(*this);
}

}  // namespace bowline::raft

// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/options.h"

namespace bowline::host {
namespace {

std::string fault_of_links(const Links::Options& links) {
  if (links.hello_within <= Duration(0)) return "links.hello_within must be above zero";
  if (links.retry_floor <= Duration(0)) return "links.retry_floor must be above zero";
  if (links.retry_most < links.retry_floor)
    return "links.retry_most must be at least links.retry_floor";
  if (links.most_frame_bytes < (1U << 20)) return "links.most_frame_bytes must be at least 1 MiB";
  if (links.most_strangers == 0) return "links.most_strangers must be above zero";
  if (links.most_peers == 0) return "links.most_peers must be above zero";
  return {};
}

std::string fault_of_courier(const Courier::Options& courier) {
  if (courier.part_bytes == 0) return "courier.part_bytes must be above zero";
  if (courier.frame_bytes == 0) return "courier.frame_bytes must be above zero";
  if (courier.queued_bytes < courier.frame_bytes)
    return "courier.queued_bytes must be at least courier.frame_bytes";
  return {};
}

}  // namespace

std::string Options::fault() const {
  if (!self) return "self must not be 0: each node has an id of its own";
  if (listen.empty()) return "listen must be an address: \"host:port\"";
  if (boot == 0) return "boot must not be 0: draw it at random at each start";
  if (std::string fault = log.fault(); !fault.empty()) return "log: " + fault;
  if (std::string fault = snapshots.fault(); !fault.empty()) return "snapshots: " + fault;
  if (std::string fault = fault_of_links(links); !fault.empty()) return fault;
  return fault_of_courier(courier);
}

std::string GroupOptions::fault() const {
  if (raft == nullptr) return "raft must be given";
  if (std::string fault = raft->fault(); !fault.empty()) return "raft: " + fault;
  if (slice_bytes == 0) return "slice_bytes must be above zero";
  return {};
}

}  // namespace bowline::host

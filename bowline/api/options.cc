// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "bowline/api/node.h"
#include "bowline/base/crc32c.h"
#include "bowline/raft/membership_codec.h"

namespace bowline {
namespace {

std::string fault_of_network(const runtime::NetworkOptions& network) {
  if (network.connect_timeout <= Duration(0)) return "network.connect_timeout must be above zero";
  if (network.peer_timeout <= Duration(0)) return "network.peer_timeout must be above zero";
  if (network.keep_alive <= Duration(0)) return "network.keep_alive must be above zero";
  if (network.farewell < Duration(0)) return "network.farewell must not be negative";
  if (network.receive_bytes == 0) return "network.receive_bytes must be above zero";
  if (network.unsent_bytes <= 0) return "network.unsent_bytes must be above zero";
  if (network.backlog <= 0) return "network.backlog must be above zero";
  return host::fault_of_lengths({{"network.connect_timeout", network.connect_timeout},
                                 {"network.peer_timeout", network.peer_timeout},
                                 {"network.keep_alive", network.keep_alive},
                                 {"network.farewell", network.farewell}});
}

bool is_level(host::Level level) { return level <= host::Level::off; }

}  // namespace

host::Options NodeOptions::of_host() const {
  host::Options host;
  host.self = id;
  host.name = name;
  host.cluster = cluster;
  host.listen = listen;
  host.advertise = advertise;
  host.log = log;
  host.links = links;
  host.courier = courier;
  host.detector = detector;
  host.newest_version = newest_version;
  host.balance_every = balance_every;
  host.operators = operators;
  host.snapshots = snapshots;
  host.transfers = transfers;
  host.backlog_bytes = backlog_bytes;
  host.stores = stores;
  return host;
}

std::string NodeOptions::fault() const {
  if (!id) return "id must not be 0: each node has an id of its own";
  if (std::string fault = of_host().fault(); !fault.empty()) return fault;
  if (directory.empty() && !storage && !stores.need_no_directory())
    return "directory must be a place for the log, or storage must give a disk, or stores must "
           "give a log and snapshots";
  if (std::string fault = host::fault_of_pauses({{"progress_every", progress_every}});
      !fault.empty())
    return fault;
  if (disk.way > runtime::DiskOptions::Way::threads)
    return "disk.way must be one of those that runtime::DiskOptions::Way has";
  if (std::string fault = host::fault_of_lengths({{"progress_every", progress_every},
                                                  {"tls.greet_within", tls.greet_within},
                                                  {"tls.look_every", tls.look_every}});
      !fault.empty())
    return fault;
  if (!std::ranges::all_of(log_lines.levels, is_level))
    return "log_lines.levels must be one of those that host::Level has";
  if (log_lines.form > host::Journal::Form::json)
    return "log_lines.form must be one of those that host::Journal::Form has";
  if (std::string fault = tls.fault(); !fault.empty()) return fault;
  return fault_of_network(network);
}

std::string GroupSetup::fault() const {
  if (std::string fault = options.fault(); !fault.empty()) return fault;
  if (!founders.empty() && !raft::sane(founders))
    return "founders: each needs an id of its own, and at least one must vote";
  if (state && founders.empty())
    return "state founds a group, and there are no founders: name them, or leave it out";
  return {};
}

raft::MembershipPtr GroupSetup::first_members() const {
  if (founders.empty()) return nullptr;
  raft::Membership first;
  first.cluster = cluster;
  for (const raft::Wanted& wanted : founders) {
    raft::Member member;
    member.id = wanted.id;
    member.now = member.goal = wanted.standing;
    member.priority = wanted.priority;
    member.address = Text(wanted.address);
    member.metadata = Text(wanted.metadata);
    first.members.push_back(std::move(member));
  }
  std::ranges::sort(first.members, {}, &raft::Member::id);
  if (!first.cluster) {
    const std::uint64_t sum = crc32c(raft::encode(first).view());
    first.cluster = ClusterId{(sum << 8) + first.members.size()};
  }
  return std::make_shared<const raft::Membership>(std::move(first));
}

}  // namespace bowline

// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_member.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

namespace bowline::apps {

namespace fs = std::filesystem;

Result<WhoWeAre> remember(const std::string& directory, WhoWeAre now) {
  const auto wrong = [](const std::string& what) {
    return std::unexpected(Error{Fault::io, what});
  };
  std::error_code fault;
  fs::create_directories(directory, fault);
  if (fault) return wrong("--data-dir: " + directory + " cannot be made: " + fault.message());
  if (fs::exists(directory + "/member/snap"))
    return wrong("--data-dir: " + directory +
                 " is a data directory of etcd, which is kept in another form. Take a new one");
  const std::string path = directory + "/bowline-member";
  if (std::ifstream in(path); in) {
    WhoWeAre before;
    in >> before.id.value >> before.token;
    if (!in || !before.id) return wrong(path + " does not say which member this is");
    return before;
  }
  // Renamed when it is whole, so that a crash leaves it or nothing.
  const std::string fresh = path + ".new";
  std::ofstream out(fresh);
  out << now.id.value << ' ' << now.token << '\n';
  out.close();
  if (!out) return wrong(fresh + " cannot be written");
  fs::rename(fresh, path, fault);
  if (fault) return wrong(path + " cannot be written: " + fault.message());
  return now;
}

// One group has no use for the room that a log for thousands of them takes. All of a segment is
// read at a start, those that are not used yet, too: so they are small, and few wait. What was
// written last is in memory for whoever lags a little; the map has it once more.
wal::Options log_options(const ServeFlags& flags) {
  constexpr std::uint64_t least = 32U << 20U;  // a quarter of it is the largest entry of Raft
  constexpr std::uint64_t on_disk = 4ULL << 30U;
  wal::Options log;
  while (log.segment_bytes / 2 >= std::max(least, 8 * flags.max_request_bytes))
    log.segment_bytes /= 2;
  log.most_segments = on_disk / log.segment_bytes;
  log.ahead = 1;
  log.spare = 3;
  log.tail_bytes = 8U << 20U;
  return log;
}

NodeOptions node_options(const ServeFlags& flags, const ServePlan& plan, const WhoWeAre& self) {
  NodeOptions options;
  options.id = self.id;
  options.name = flags.name;
  options.cluster = self.token;
  options.directory = plan.directory + "/log";
  options.listen = plan.listen_peers;
  options.advertise = plan.advertise_peers;
  options.tls = plan.peer_tls;
  options.log_sink = log_to_stderr;
  options.log = log_options(flags);
  return options;
}

GroupSetup group_setup(const ServeFlags& flags, const ServePlan& plan) {
  GroupSetup setup;
  setup.founders = plan.founders;
  setup.cluster = plan.cluster;
  raft::Options raft;
  raft.heartbeat = std::chrono::milliseconds(flags.heartbeat_interval);
  raft.election = std::chrono::milliseconds(flags.election_timeout);
  setup.options.raft = std::make_shared<const raft::Options>(raft);
  setup.options.snapshot_entries = flags.snapshot_count;
  setup.options.snapshot_permille = 500;
  setup.options.snapshot_bytes = 1U << 30U;
  return setup;
}

}  // namespace bowline::apps

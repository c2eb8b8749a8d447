// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_member.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include "bowline/runtime/privacy.h"
#include "bowline/runtime/whole_file.h"
#include "bowline/wire/hello.h"
#include "bowline/wire/printable.h"

namespace bowline::apps {

namespace fs = std::filesystem;

namespace {

constexpr const char* removal = "removed";

Result<void> write_down(const std::string& directory, const WhoWeAre& who,
                        const std::string& more) {
  runtime::WholeFile file(directory + "/bowline-member");
  if (Result<void> written =
          file.write(std::to_string(who.id.value) + " " + who.token + more + "\n");
      !written)
    return written;
  return file.end();
}

}  // namespace

Result<WhoWeAre> remember(const std::string& directory, WhoWeAre now) {
  const auto wrong = [](Fault fault, const std::string& what) {
    return std::unexpected(Error{fault, what});
  };
  if (const Result<void> made = runtime::make_private_directories(directory); !made)
    return wrong(made.error().fault, "--data-dir: " + made.error().what);
  if (fs::exists(directory + "/member/snap"))
    return wrong(Fault::invalid, "--data-dir: " + directory +
                                     " is a data directory of etcd, which is kept in another "
                                     "form. Take a new one");
  const std::string path = directory + "/bowline-member";
  if (std::ifstream in(path); in) {
    WhoWeAre before;
    in >> before.id.value >> before.token;
    if (!in || !before.id)
      return wrong(Fault::corrupt, path + " does not say which member this is");
    if (std::string more; in >> more && more == removal)
      return wrong(Fault::invalid,
                   "--data-dir: " + directory +
                       " is of a member that was removed from its cluster, which does not take it "
                       "back. Empty it or take another one, and add the member anew");
    return before;
  }
  // To take it for a new one because it could not be read would make another member of it.
  if (std::error_code unknown; fs::exists(path, unknown) || unknown)
    return wrong(Fault::io, path + " cannot be read: is it this user's, and may it open files?");
  // A crash of the machine leaves it or nothing. Had it been forgotten, other flags could make
  // another member of the log that is beside it.
  if (Result<void> written = write_down(directory, now, ""); !written)
    return std::unexpected(written.error());
  return now;
}

Result<void> remember_removal(const std::string& directory, const WhoWeAre& before) {
  return write_down(directory, before, std::string(" ") + removal);
}

// What the log takes for an entry besides its bytes, and more.
constexpr std::uint64_t around_entry = 64U << 10U;

// Of Raft: a request, and what the map writes around it.
std::uint64_t entry_bytes(const ServeFlags& flags) {
  return std::max((8U << 20U) - around_entry, flags.max_request_bytes + (1U << 20U));
}

// One group has no use for the room that a log for thousands of them takes. All of a segment is
// read at a start, those that are not used yet, too: so they are small, and few wait. What was
// written last is in memory for whoever lags a little; the map has it once more. The largest entry
// is a quarter of a segment.
wal::Options log_options(const ServeFlags& flags) {
  constexpr std::uint64_t on_disk = 4ULL << 30U;
  wal::Options log;
  log.segment_bytes = std::bit_ceil(4 * (entry_bytes(flags) + around_entry));
  log.most_segments = on_disk / log.segment_bytes;
  log.ahead = 1;
  log.spare = 3;
  log.tail_bytes = 8U << 20U;
  return log;
}

NodeOptions node_options(const ServeFlags& flags, const ServePlan& plan, const WhoWeAre& self) {
  NodeOptions options;
  options.id = self.id;
  // Nodes show each other less than etcd allows; what its clients see is in the membership.
  options.name = wire::printable(flags.name).substr(0, wire::most_name_bytes);
  options.cluster = self.token;
  options.directory = plan.directory + "/log";
  options.listen = plan.listen_peers;
  options.advertise = plan.advertise_peers;
  options.tls = plan.peer_tls;
  options.log_sink = log_to_stderr;
  options.log = log_options(flags);
  options.backlog_bytes = static_cast<std::uint64_t>(flags.backlog_bytes);
  // A snapshot is in no hurry: at full speed a large one takes most of a core from all who wait.
  options.snapshots.bytes_per_second = 64U << 20U;
  return options;
}

GroupSetup group_setup(const ServeFlags& flags, const ServePlan& plan) {
  GroupSetup setup;
  setup.founders = plan.founders;
  setup.cluster = plan.cluster;
  raft::Options raft;
  raft.heartbeat = std::chrono::milliseconds(flags.heartbeat_interval);
  raft.election = std::chrono::milliseconds(flags.election_timeout);
  raft.entry_bytes = entry_bytes(flags);
  raft.uncommitted_bytes = std::max(raft.uncommitted_bytes, 4 * raft.entry_bytes);
  setup.options.raft = std::make_shared<const raft::Options>(raft);
  setup.options.snapshot_entries = flags.snapshot_count;
  setup.options.keep_entries = flags.snapshot_catchup_entries;
  setup.options.snapshot_permille = 500;
  setup.options.snapshot_bytes = 1U << 30U;
  return setup;
}

}  // namespace bowline::apps

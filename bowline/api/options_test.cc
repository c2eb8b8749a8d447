// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/node.h"

namespace bowline {
namespace {

using std::chrono::milliseconds;

template <class Of>
struct Case {
  std::string fault;
  std::function<void(Of&)> spoil;
};

NodeOptions good() {
  NodeOptions options;
  options.id = NodeId{1};
  options.directory = "/tmp/nowhere";
  options.listen = "127.0.0.1:0";
  return options;
}

TEST(NodeOptions, say_what_to_change) {
  EXPECT_EQ(good().fault(), "");
  const std::vector<Case<NodeOptions>> cases{
      {"id must not be 0: each node has an id of its own", [](NodeOptions& o) { o.id = {}; }},
      {"directory must be a place for the log, or storage must give a disk, or stores must give a "
       "log and snapshots",
       [](NodeOptions& o) { o.directory = ""; }},
      {"directory must be a place for the log, or storage must give a disk, or stores must give a "
       "log and snapshots",
       [](NodeOptions& o) {
         o.directory = "";
         o.stores = host::memory_stores();
         o.stores.snapshots = nullptr;
       }},
      {"listen must be an address: \"host:port\"", [](NodeOptions& o) { o.listen = ""; }},
      {"name must be at most 255 letters, all of them printable ASCII",
       [](NodeOptions& o) { o.name = std::string(256, 'x'); }},
      {"advertise must be at most 255 letters",
       [](NodeOptions& o) { o.advertise = std::string(256, 'x'); }},
      {"log: segment_bytes must be at most 4 GiB",
       [](NodeOptions& o) { o.log.segment_bytes = std::uint64_t{8} << 30; }},
      {"log: retry_full_after must be at least 1 ms",
       [](NodeOptions& o) { o.log.retry_full_after = {}; }},
      {"log: move_below_permille must be at most 1000",
       [](NodeOptions& o) { o.log.move_below_permille = 1001; }},
      {"log: most_segments must be at least 2", [](NodeOptions& o) { o.log.most_segments = 1; }},
      {"links.most_peers must be above zero", [](NodeOptions& o) { o.links.most_peers = 0; }},
      {"courier.part_bytes must be above zero", [](NodeOptions& o) { o.courier.part_bytes = 0; }},
      {"snapshots: takes_at_once must be at least 1",
       [](NodeOptions& o) { o.snapshots.takes_at_once = 0; }},
      {"transfers.rounds must be above zero", [](NodeOptions& o) { o.transfers.rounds = 0; }},
      {"progress_every must be at least 1 ms", [](NodeOptions& o) { o.progress_every = {}; }},
      {"tls.look_every must be at least 1 ms",
       [](NodeOptions& o) {
         o.tls.certificate = o.tls.key = "x";
         o.tls.authorities = {"x"};
         o.tls.look_every = Duration{1};
       }},
      {"disk.way must be one of those that runtime::DiskOptions::Way has",
       [](NodeOptions& o) { o.disk.way = static_cast<runtime::DiskOptions::Way>(3); }},
      {"log_lines.form must be one of those that host::Journal::Form has",
       [](NodeOptions& o) { o.log_lines.form = static_cast<host::Journal::Form>(2); }},
      {"detector.silence must be at least four times detector.pulse",
       [](NodeOptions& o) { o.detector.silence = o.detector.pulse; }},
      {"balance_every must be 0 or at least 1 ms",
       [](NodeOptions& o) { o.balance_every = milliseconds(-1); }},
      {"log_lines.levels must be one of those that host::Level has",
       [](NodeOptions& o) { o.log_lines.levels[2] = static_cast<host::Level>(99); }},
      {"network.connect_timeout must be above zero",
       [](NodeOptions& o) { o.network.connect_timeout = {}; }},
      {"network.peer_timeout must be above zero",
       [](NodeOptions& o) { o.network.peer_timeout = {}; }},
      {"network.keep_alive must be above zero", [](NodeOptions& o) { o.network.keep_alive = {}; }},
      {"network.farewell must not be negative",
       [](NodeOptions& o) { o.network.farewell = milliseconds(-1); }},
      {"network.receive_bytes must be above zero",
       [](NodeOptions& o) { o.network.receive_bytes = 0; }},
      {"network.unsent_bytes must be above zero",
       [](NodeOptions& o) { o.network.unsent_bytes = 0; }},
      {"network.backlog must be above zero", [](NodeOptions& o) { o.network.backlog = 0; }}};
  for (const auto& [fault, spoil] : cases) {
    NodeOptions options = good();
    spoil(options);
    EXPECT_EQ(options.fault(), fault);
    const Result<std::unique_ptr<Node>> node = Node::open(options);
    ASSERT_FALSE(node.has_value()) << fault;
    EXPECT_EQ(node.error().what, "the options of a node: " + fault);
    EXPECT_EQ(node.error().fault, Fault::invalid) << fault;
  }
}

TEST(NodeOptions, take_no_time_of_more_than_a_year) {
  const std::vector<Case<NodeOptions>> cases{
      {"progress_every", [](NodeOptions& o) { o.progress_every = Duration::max(); }},
      {"tls.look_every", [](NodeOptions& o) { o.tls.look_every = Duration::max(); }},
      {"detector.silence", [](NodeOptions& o) { o.detector.silence = Duration::max(); }},
      {"balance_every", [](NodeOptions& o) { o.balance_every = Duration::max(); }},
      {"transfers.stalled_after",
       [](NodeOptions& o) { o.transfers.stalled_after = Duration::max(); }},
      {"network.connect_timeout",
       [](NodeOptions& o) { o.network.connect_timeout = Duration::max(); }},
      {"network.peer_timeout", [](NodeOptions& o) { o.network.peer_timeout = Duration::max(); }},
      {"network.keep_alive", [](NodeOptions& o) { o.network.keep_alive = Duration::max(); }},
      {"network.farewell", [](NodeOptions& o) { o.network.farewell = Duration::max(); }}};
  for (const auto& [name, spoil] : cases) {
    NodeOptions options = good();
    spoil(options);
    EXPECT_EQ(options.fault(), name + " must be at most a year");
    EXPECT_FALSE(Node::open(options).has_value()) << name;
  }
}

TEST(NodeOptions, a_directory_is_not_needed_where_stores_take_its_place) {
  NodeOptions options = good();
  options.directory = "";
  options.stores = host::memory_stores();
  EXPECT_EQ(options.fault(), "");
}

TEST(GroupSetup, says_what_to_change) {
  EXPECT_EQ(GroupSetup{}.fault(), "");
  const std::vector<Case<GroupSetup>> cases{
      {"slice_bytes must be above zero", [](GroupSetup& s) { s.options.slice_bytes = 0; }},
      {"snapshot_every must be at most a year",
       [](GroupSetup& s) { s.options.snapshot_every = Duration::max(); }},
      {"founders: each needs an id of its own, and at least one must vote",
       [](GroupSetup& s) { s.founders = {{.id = NodeId{1}}, {.id = NodeId{1}}}; }},
      {"founders: each needs an id of its own, and at least one must vote",
       [](GroupSetup& s) {
         s.founders = {{.id = NodeId{1}, .standing = raft::Standing::learner}};
       }},
      {"state founds a group, and there are no founders: name them, or leave it out",
       [](GroupSetup& s) { s.state = [] { return nullptr; }; }}};
  for (const auto& [fault, spoil] : cases) {
    GroupSetup setup;
    spoil(setup);
    EXPECT_EQ(setup.fault(), fault);
  }
}

}  // namespace
}  // namespace bowline

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/api/group.h"
#include "bowline/api/portable.h"
#include "bowline/api/status.h"
#include "bowline/api/watch.h"
#include "bowline/base/result.h"
#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/host/journal.h"
#include "bowline/host/news.h"
#include "bowline/host/options.h"
#include "bowline/host/shard.h"
#include "bowline/machine/state_machine.h"
#include "bowline/runtime/disk.h"
#include "bowline/runtime/network.h"
#include "bowline/runtime/tls_options.h"

namespace bowline {

// What a node needs to know. All that is not set works.
struct NodeOptions {
  NodeId id;              // its own in the whole cluster, for ever
  std::string directory;  // its own, too; made if the one above it is there
  std::string listen;     // "host:port", for the other nodes; port 0: any
  std::string advertise;  // what they call instead, if that differs
  std::string name;       // for people: 255 letters of printable ASCII at most
  // Of the cluster: nodes that have another one do not speak with us. Empty: what our certificate
  // names; and without one, whichever.
  std::string cluster;
  runtime::TlsOptions tls;  // without a certificate, whoever reaches the port is believed

  wal::Options log;
  host::Links::Options links;
  host::Courier::Options courier;
  host::Detector::Options detector;  // of nodes that are gone, for groups that sleep
  // Of what nodes say to each other: nothing newer is spoken (docs/WIRE.md).
  wire::Version newest_version = wire::newest_version;
  Duration balance_every{0};           // leaders are spread over the nodes, so often; 0: never
  host::Operators::Options operators;  // whom it obeys over the wire who is no node
  host::Snapshots::Options snapshots;
  host::Transfers::Options transfers;
  // Of all groups together: proposals that are not on the disk yet; and as much again of what other
  // threads have asked for and the node's has not seen. Each counts with 256 bytes more than its
  // command. Beyond, it is refused as `full`; but one, however large, is always taken.
  std::uint64_t backlog_bytes = 256 << 20;
  runtime::DiskOptions disk;
  runtime::NetworkOptions network;

  // In place of the directory: a disk of one's own, made on the node's thread;
  // runtime::memory_disk() is one for tests.
  std::function<std::unique_ptr<env::Disk>(env::Loop&)> storage;
  // In place of the files there: a log store and a snapshot store of one's own. What is left out is
  // files; with both, a directory is not needed. host::memory_stores() is a pair in memory.
  host::Stores stores;

  // A line for each thing that people want to know of: who leads, who came and went, snapshots,
  // damage. Told on the node's thread; none: nothing is written. See log_to_stderr().
  std::function<void(std::string_view line)> log_sink;
  host::Journal::Options log_lines;

  // What happens on this node, as it happens, of all groups; group 0: of the node itself. May be
  // left out. Node::watch() is for whoever comes later, or goes before the node does.
  std::function<void(GroupId, const host::News&)> news;
  // While open() reads the log: so many of its segments are done, of so many. May be left out.
  std::function<void(std::uint64_t, std::uint64_t)> opening;
  // How often GroupSetup::progress is told.
  Duration progress_every = std::chrono::seconds(1);

  // The disk failed, and nobody knows what it holds: the process must end, and may start again.
  // The default says so on stderr and ends it. If this returns, whoever waits is told as if the
  // node had ended, or with Fault::io, and whatever is asked for later is refused.
  std::function<void(const Error&)> broken;
  // What somebody has to put right: who was not let in, which call came to nothing, which file is
  // not good. On the node's thread; each of them once a minute at most. May be left out.
  std::function<void(const std::string& who, const std::string& why)> told;

  // What is wrong with these, as a sentence that says what to change; empty: nothing.
  std::string fault() const;
  host::Options of_host() const;  // all that the host asks for, but for the number of this life
};

// For NodeOptions::log_sink, in a program.
void log_to_stderr(std::string_view line);

// How a group starts on this node.
struct GroupSetup {
  // The first members, the same on each of them, when the group is founded; empty: this node is
  // added to it later, or has been a member before.
  std::vector<raft::Wanted> founders;
  // A name of their cluster, the same on each of them; 0: made of what they are.
  ClusterId cluster;
  host::GroupOptions options;
  // What the group does on this node, told on the node's thread. May be left out.
  std::function<void(const raft::RoleChanged&)> role;
  std::function<void(const raft::MembershipChanged&)> members;
  std::function<void(std::span<const PeerStatus>)> progress;  // of a leader's followers
  // The state to found it with, the same on each founder: see import_snapshot(). May be left out.
  Importer state;

  std::string fault() const;
  raft::MembershipPtr first_members() const;  // of the founders; null: there are none
};

// Something of the program's own on the node's thread, beside its groups: a port for clients, say.
// It ends on that thread, before the groups do.
class Lodger {
 public:
  Lodger() = default;
  virtual ~Lodger() = default;
  Lodger(const Lodger&) = delete;
  Lodger& operator=(const Lodger&) = delete;
};

// What it finds there, and may use on that thread as long as it lives.
struct Room {
  host::Shard& shard;
  env::Env env;
  env::Network& network;  // for whoever is no node: without certificates
};

// A member of Raft groups in this process: one thread, one log, one port, whatever the number of
// groups. Everything here may be called from any thread, but from those of the node's own callbacks
// only what does not wait for it.
class Node {
  class Inside;
  struct Private {};  // only open() makes one

 public:
  Node(Private, std::shared_ptr<Inside> inside) : inside_(std::move(inside)) {}
  // Returns when the log was read and the port is open.
  static Result<std::unique_ptr<Node>> open(NodeOptions);
  // Ends at once, as a crash would. Replies that were not given are given now: nobody knows.
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Returns when the group's state was loaded. The machine is used on the node's thread only; it is
  // destroyed there once the group has ended, and at once if it does not start.
  Result<Group> start(GroupId, GroupSetup, std::unique_ptr<machine::StateMachine>);
  // It ends here. What is on the disk stays.
  void end(GroupId);
  // Returns when nothing of the group is left on this node, neither in memory nor on its disk. It
  // need not run. The others do not hear of it: remove this node from the group first, or destroy
  // the group on all of them. It may be started here again, then or later: nobody takes this node
  // for the member that it was. After an error or a crash the group may be there as it was, or not:
  // do it once more.
  Result<void> destroy(GroupId);
  // Done on the node's thread soon; with null, if the node has ended.
  void at(std::move_only_function<void(host::Shard*)> work);
  // Returns when it was made, on the node's thread. An error is that of whoever makes it.
  Result<void> lodge(std::move_only_function<Result<std::unique_ptr<Lodger>>(const Room&)> make);

  // Hears from soon on what NodeOptions::news would, on the node's thread, until the watch ends.
  // Call nothing in it that waits for the node.
  Watch watch(Hears) const;

  std::future<NodeStatus> status() const;
  // Those that are still loading their state are among them.
  std::future<std::vector<GroupStatus>> groups(std::size_t most = 100) const;
  // Reads the files of NodeOptions::tls again, now: else they are looked at every few seconds. An
  // error: they are not good, and the old ones stay in force.
  Result<void> reload();

  std::string address() const;  // where it listens
  std::string disk() const;     // how it reaches its disk, for people

 private:
  std::shared_ptr<Inside> inside_;
};

}  // namespace bowline

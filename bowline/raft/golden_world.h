// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/raft/core.h"
#include "bowline/raft/golden_referee.h"

// A few cores in one process, with a network, disks and a clock that do nothing by themselves: the
// stage on which the stories of golden/*.txt are played. Everything that reaches a core, and
// everything that comes out of it, is written down in `told`.
namespace bowline::raft::golden {

// What a disk holds, or is about to hold.
struct Image {
  HardState hard;
  Base base;
  std::vector<Entry> entries;  // after the base
  std::set<Index> lost;        // ... whose contents rotted

  LogId last() const { return entries.empty() ? base.id : entries.back().id; }
  const Entry* at(Index) const;  // null: not there
  bool contains(LogId) const;
  void perform(const Persist&);
  void rebase(const Base&);
};

struct Node {
  NodeId id;
  Incarnation incarnation;
  ClusterId cluster;  // which it was told of, by a recovery or with a new disk; 0: it was not
  std::uint64_t starts = 0;
  std::unique_ptr<Core> core;   // null: it is down
  Image disk;                   // survives a crash
  Image written;                // ... and what is on its way there
  Base snapshot;                // the newest that was installed here, durably
  std::vector<Persist> writes;  // on their way, in this order
  bool disk_held = false;
  std::optional<Restore> restoring;
};

struct Mail {
  NodeId from, to;
  Message message;
};

class World {
 public:
  std::string told;  // since whoever plays the story last took it
  Options options;
  ClusterId cluster{1};  // the newest
  std::map<NodeId, Node> nodes;
  std::vector<Mail> mail;     // on its way, oldest first
  std::vector<Mail> delayed;  // taken aside
  std::set<std::pair<NodeId, NodeId>> cuts;
  Time now;
  Referee referee;

  void create(NodeId, const Base&);
  void start(Node&);
  void crash(Node&, std::size_t writes_kept);
  void wipe(Node&);

  void step(Node&, Input);
  void lie(Node& to, NodeId from, Message);  // which nobody of ours sent
  void persist(Node&, std::size_t writes);
  void deliver(const Mail&);
  void restored(Node&);
  void wake(Node&);

  // Deliver and persist everything until nothing moves, or until this was told. No time passes.
  void settle(std::string_view until = {});
  void advance(Duration);     // time passes, and whoever is due wakes; nothing is delivered
  void run(Duration);         // both
  bool live(Duration limit);  // everything works again: true once a new write is everywhere

  void tell(const std::string& line) { told += "    " + line + "\n"; }

 private:
  void carry_out(Node&, Effect&);
  void carry_out(Node&, Persist&);
  void carry_out(Node&, Send&);
  void carry_out(Node&, SendSpan&);
  void carry_out(Node&, SendEntries&);
  std::string fate_of(const Node& from, const Effect&) const;
  void send(Node&, NodeId to, Message);
  Time next_deadline() const;
  Node* leading();
  void mend_everything();
  bool everywhere(const Node& leader, Index) const;
};

}  // namespace bowline::raft::golden

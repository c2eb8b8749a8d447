// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bowline/raft/core.h"
#include "bowline/sim/decisions.h"
#include "bowline/sim/disk_life.h"
#include "bowline/sim/shadow.h"
#include "bowline/sim/site.h"
#include "bowline/wal/log.h"

namespace bowline::sim {

// What is left of a node when its process is gone: its disk, its snapshot, which is kept beside the
// log, and what the log has to hold.
struct Remains {
  Platter platter;
  Shadow shadow;
  Snapshot snapshot;
};

// What the clients were told, and what the machines did. Outlives every node.
struct Record {
  struct Applied {
    LogId id;
    std::uint64_t digest = 0;
  };
  std::map<Index, Applied> applied;  // by whoever was first
  std::vector<LogId> acknowledged;
};

struct CohortOptions {
  std::uint64_t nodes = 3;
  wal::Options log;
  DiskClimate climate;
  std::uint64_t snapshot_every = 40;
  std::uint64_t keeps_behind = 10;  // entries that stay in the log behind a snapshot
  Duration back_after{30'000'000};  // when a process that stopped by itself comes back
  Duration latency{200'000};        // of a message
  bool whole = true;                // false: the logs only, without cores
};

// A few cores, each with a real log on a simulated disk of its own, on a calm network. What goes
// wrong is what is done to the disks and the processes. `wrong` says what must not be; from then on
// nothing else happens.
class Cohort {
 public:
  Cohort(CohortOptions options, std::uint64_t seed);
  Cohort(const Cohort&) = delete;
  Cohort& operator=(const Cohort&) = delete;

  // What clients of a node hear.
  std::function<void(NodeId, const raft::Effect&)> told;

  void adopt(NodeId, const Remains&);  // in place of an empty disk
  Remains remains(NodeId) const;       // as they are now; the power has not failed yet
  Record record;

  void start(NodeId);
  void start_all();
  void lose_power(NodeId, std::optional<Loss> loss = std::nullopt);
  void kill(NodeId);
  void hold(NodeId id, bool held) { node(id).held = held; }  // it does not come back by itself

  bool run_until(const std::function<bool()>& holds, Duration at_most);
  void run(Duration);
  void give(NodeId, raft::Input);

  std::string wrong;
  static std::string named(NodeId);
  void fail(std::string what) {
    if (wrong.empty()) wrong = std::move(what);
  }

  Time now() const { return now_; }
  std::uint64_t nodes() const { return nodes_.size(); }
  bool running(NodeId id) const { return node(id).process != nullptr; }
  bool open(NodeId id) const { return running(id) && node(id).account.has_value(); }
  const std::string& refused(NodeId id) const { return node(id).refused; }
  const std::optional<wal::Account>& account(NodeId id) const { return node(id).account; }
  const raft::Core* core(NodeId id) const { return node(id).site.core.get(); }
  const Machine& machine(NodeId id) const { return node(id).site.machine; }
  const Shadow& shadow(NodeId id) const { return node(id).shadow; }
  static constexpr GroupId the_group{1};
  wal::Log& log(NodeId id) { return *node(id).process->log; }
  Platter& platter(NodeId id) { return node(id).platter; }
  std::uint64_t mended(NodeId id) const { return node(id).mended; }      // entries, by others
  std::uint64_t restored(NodeId id) const { return node(id).restored; }  // snapshots of others
  NodeId leader() const;
  DiskClimate& climate() { return options_.climate; }

  // Reads the whole log of a node back, and compares.
  void read_back(NodeId);
  void hurry();  // somebody campaigns, if it can
  // All that run agree, have repaired what they lost, and go on: one more entry is committed.
  bool settles(Duration at_most);
  bool all_vote();            // made so, by a change of the membership
  std::string stuck() const;  // why it does not, in words
  // Nothing that a client was told is missing.
  void audit();

 private:
  struct Node {
    Node(Decisions& decisions, NodeId id)
        : chance(decisions, {.part = Part::disk, .a = static_cast<std::uint8_t>(id.value)}) {
      site.id = id;
    }
    Platter platter;
    Shadow shadow;
    std::shared_ptr<raft::Core> core;
    Site site;  // of it `written`, `snapshot`, `machine` and `core`
    Chance chance;
    std::unique_ptr<DiskLife> process;
    env::TimerId wake;  // of its loop
    std::optional<wal::Account> account;
    std::string refused;
    Time back_at = never;
    bool held = false;
    bool broken = false;
    bool flush_due = false;
    bool applying = false;
    bool snapshotting = false;
    Index apply_through;
    std::uint64_t mended = 0;
    std::uint64_t restored = 0;
  };

  // cohort.cc
  Node& node(NodeId id) { return *nodes_[id.value - 1]; }
  const Node& node(NodeId id) const { return *nodes_[id.value - 1]; }
  bool run_next(Time end);
  void look_after(Node&);
  void bury(Node&);
  wal::Log::Hooks hooks(Node&);
  void opened(Node&, Result<wal::Opened>);
  void begin(Node&, raft::Found);
  void write_base(Node&, const raft::Base&, bool discard);

  // cohort_steps.cc
  void step(Node&, raft::Input);
  void persist(Node&, raft::Persist&);
  void flush_soon(Node&);
  void perform(Node&, raft::Effect&);
  void post(Node&, NodeId to, raft::Message);
  void send_span(Node&, raft::SendSpan);
  void send_found(Node&, raft::SendSpan, raft::Batch);
  struct Answer;
  void send_entries(Node&, const std::shared_ptr<Answer>&);
  void restore(Node&, const raft::Restore&);
  void fetched(Node&, const raft::Restore&);
  void apply(Node&);
  void apply_all(Node&, const raft::Batch&);
  void apply_later(Node&, Duration);
  void snapshot_if_due(Node&);
  void snapshot_done(Node&, const Snapshot&);
  bool as_written(Node&, const raft::Entry&);

  CohortOptions options_;
  Decisions decisions_;
  std::shared_ptr<const raft::Options> raft_options_;
  raft::MembershipPtr members_;
  std::vector<std::unique_ptr<Node>> nodes_;
  Time now_;
  std::uint64_t seeds_;
  std::uint64_t tickets_ = std::uint64_t{1} << 40;  // of our own
};

}  // namespace bowline::sim

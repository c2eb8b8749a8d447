// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bowline/sim/platter.h"
#include "bowline/sim/process_loop.h"
#include "bowline/sim/simulated_disk.h"
#include "bowline/wal/log.h"

namespace bowline::sim {

// One life of a node's process, as far as its log is concerned: the loop that calls it back, and
// the log on the node's disk. What the log reports is kept until the world comes for it, so that
// nothing happens inside of a callback.
class Process {
 public:
  static constexpr GroupId group{1};

  // Opens the log at once: no time passes. `refusal` says why it could not be.
  Process(Platter&, Chance&, const Clock&, Time now, NodeId, Incarnation fresh);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  const std::string& refusal() const { return refusal_; }
  const wal::Account& account() const { return account_; }
  const raft::Found& found() const { return found_; }  // of the one group

  // Written at once: no time passes either.
  void found_with(raft::Persist);
  void submit(raft::Persist);
  std::vector<Seq> persisted() { return std::exchange(persisted_, {}); }
  const std::optional<Error>& broken() const { return broken_; }

  ProcessLoop& loop() { return loop_; }
  DiskClimate& climate() { return climate_; }
  // Everything that was reported durable so far is on the platter, and will be after a power cut.
  bool tells_the_truth() const;

 private:
  static wal::Options options();
  void drain();

  Platter& platter_;
  ProcessLoop loop_;
  ProcessClock clock_;
  DiskClimate climate_;
  SimulatedDisk disk_;
  std::unique_ptr<wal::Log> log_;
  std::string refusal_;
  wal::Account account_;
  raft::Found found_;
  std::vector<Seq> persisted_;
  std::optional<Error> broken_;
};

}  // namespace bowline::sim

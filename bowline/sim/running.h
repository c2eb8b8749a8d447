// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "bowline/sim/clock.h"
#include "bowline/sim/platter.h"
#include "bowline/sim/process_loop.h"
#include "bowline/sim/simulated_disk.h"
#include "bowline/wal/log.h"

namespace bowline::sim {

// One life of a node's process: the loop that calls it back, its disk, and how that behaves. What
// it does is for those derived from it.
class Running {
 public:
  Running(Platter& platter, Chance& chance, const Clock& clock, Time now, NodeId node);
  virtual ~Running() = default;
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  static wal::Options log_options(std::uint64_t tail_bytes);

  // Why it could not start; empty: it did. In no time: the story of a start that takes its time is
  // told by the crash sweep.
  const std::string& refusal() const { return refusal_; }
  const wal::Account& account() const { return account_; }
  const std::optional<Error>& broken() const { return broken_; }  // its disk

  ProcessLoop& loop() { return loop_; }
  DiskClimate& climate() { return climate_; }
  // All that its disk is busy with ends soon.
  void hurry(Duration each) { disk_.ends_by(loop_.hurry(each)); }

 protected:
  env::Env env() { return {clock_, loop_, disk_}; }
  // Everything that this log reported durable is on the platter, and will be after a power cut.
  bool tells_the_truth(const wal::Log&) const;

  Platter& platter_;
  ProcessLoop loop_;
  ProcessClock clock_;
  DiskClimate climate_;
  SimulatedDisk disk_;
  std::string refusal_;
  wal::Account account_;
  std::optional<Error> broken_;
};

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bowline/host/onlooker.h"
#include "bowline/host/shard.h"
#include "bowline/sim/cables.h"
#include "bowline/sim/program.h"
#include "bowline/sim/running.h"
#include "bowline/sim/simulated_network.h"
#include "bowline/sim/watched.h"

namespace bowline::sim {

// The process of a whole node: all that a real one runs above its system calls.
class Whole final : public Running {
 public:
  static constexpr GroupId group{1};

  struct Setting {
    NodeId node;
    Incarnation fresh;  // the identity of its disk, if it is new
    std::uint64_t boot = 0;
    std::uint64_t tail_bytes = 0;
    std::uint32_t piece_bytes = 4096;
    std::uint64_t snapshot_bytes = 0;  // about so long are those of its machine
    std::uint64_t backlog_bytes = host::Options{}.backlog_bytes;
    Duration silence{1'000'000'000};  // of a node, before groups that sleep are told
    wire::Version newest_version = wire::newest_version;  // that it speaks
    Vault* vault = nullptr;                               // if its machine is durable by itself
    machine::StateMachine* guest = nullptr;               // of its notebook; outlives us
    Program* program = nullptr;                           // the guest, if it is one
  };
  Whole(Platter&, Cables&, Chance&, const Clock&, Time now, const Setting&, Machine&,
        Watched::Hooks, host::Onlooker&);
  ~Whole() override;

  // Opens all, and starts the group. No time passes. `refusal` says why that could not be.
  void begin(host::Birth);

  host::Shard& shard() { return *shard_; }
  host::Replica& replica() { return *replica_; }
  // The machine of another group. It lives as long as the process.
  machine::StateMachine& keep(std::unique_ptr<machine::StateMachine> machine) {
    return *kept_.emplace_back(std::move(machine));
  }
  const Notebook& notebook() const { return machine_.notebook(); }
  const session::Table& sessions() const { return machine_.sessions(); }
  bool tells_the_truth() { return Running::tells_the_truth(*shard_->log().on_disk()); }
  // The process is about to end like this.
  void end(Ending ending) { network_.end(ending); }

 private:
  template <class Came>
  bool run_until(Came came);

  SimulatedNetwork network_;
  Watched machine_;
  std::vector<std::unique_ptr<machine::StateMachine>> kept_;
  std::unique_ptr<host::Shard> shard_;
  host::Replica* replica_ = nullptr;
  Program* program_;
};

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "bowline/sim/platter.h"
#include "bowline/sim/process_loop.h"
#include "bowline/sim/simulated_disk.h"
#include "bowline/wal/log.h"

namespace bowline::sim {

// One life of a process, as far as its disk is concerned: what ends with it, and what the next life
// has anew. The platter stays.
struct DiskLife {
  DiskLife(Platter& platter, Chance& chance, const DiskClimate& climate, Time now)
      : loop(chance, now), clock(loop), disk(platter, loop, chance, climate) {}

  env::Env env() { return {clock, loop, disk}; }

  ProcessLoop loop;
  ProcessClock clock;
  SimulatedDisk disk;
  std::unique_ptr<wal::Log> log;  // made by whoever has its hooks
};

}  // namespace bowline::sim

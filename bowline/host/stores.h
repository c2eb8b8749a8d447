// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>

#include "bowline/env/env.h"
#include "bowline/host/snapshot_store.h"
#include "bowline/host/snapshots.h"
#include "bowline/wal/log_store.h"
#include "bowline/wal/options.h"

namespace bowline::host {

// Where a node keeps its logs and its snapshots. Each is asked once, on the node's thread, for what
// will live there and end there. What is left out is files in the directory of the node.
struct Stores {
  std::function<std::unique_ptr<wal::LogStore>(wal::LogStore::Setting)> log;
  std::function<std::unique_ptr<SnapshotStore>(env::Env)> snapshots;

  bool need_no_directory() const { return log && snapshots; }
};

// Both in memory, where they are gone with the process.
Stores memory_stores();

// Those that are used. Null: whoever was asked gave none.
std::unique_ptr<wal::LogStore> log_of(const Stores&, const wal::Options&, wal::LogStore::Setting);
std::unique_ptr<SnapshotStore> snapshots_of(const Stores&, const Snapshots::Options&, env::Env);

}  // namespace bowline::host

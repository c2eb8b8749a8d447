// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/stores.h"

#include <utility>

#include "bowline/host/memory_snapshots.h"
#include "bowline/wal/log.h"
#include "bowline/wal/memory_log.h"

namespace bowline::host {

Stores memory_stores() {
  return {.log =
              [](wal::LogStore::Setting setting) {
                return std::make_unique<wal::MemoryLog>(std::move(setting));
              },
          .snapshots = [](env::Env env) { return std::make_unique<MemorySnapshots>(env); }};
}

std::unique_ptr<wal::LogStore> log_of(const Stores& stores, const wal::Options& options,
                                      wal::LogStore::Setting setting) {
  if (stores.log) return stores.log(std::move(setting));
  return std::make_unique<wal::Log>(setting.env, options, setting.owner, setting.fresh,
                                    std::move(setting.hooks));
}

std::unique_ptr<SnapshotStore> snapshots_of(const Stores& stores, const Snapshots::Options& options,
                                            env::Env env) {
  if (stores.snapshots) return stores.snapshots(env);
  return std::make_unique<Snapshots>(env, options);
}

}  // namespace bowline::host

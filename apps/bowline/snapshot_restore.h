// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include <CLI/CLI.hpp>

#include "apps/bowline/serve_options.h"
#include "bowline/etcd/backup_import.h"

namespace bowline::apps {

// `snapshot restore`: makes the data directory of a member of a new cluster, from the snapshot of
// another one, ours or an etcd's. Each member of the new cluster is made from the same file.
class SnapshotRestoreVerb {
 public:
  explicit SnapshotRestoreVerb(CLI::App& snapshot);
  bool parsed() const { return verb_->parsed(); }
  int run() const;

 private:
  CLI::App* verb_;
  std::string file_;
  ServeFlags flags_;
  bool skip_hash_check_ = false;
  etcd::ImportOptions import_;
};

}  // namespace bowline::apps

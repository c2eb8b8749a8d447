// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "bowline/base/result.h"
#include "bowline/etcd/backup_import.h"
#include "bowline/kv/run.h"

namespace bowline::apps {

struct SnapshotCheck {
  bool skip_sum = false;  // there may be none: a database that was copied and not saved
};

// The state in a file that `etcdctl snapshot save` made. The error is a sentence. A file that takes
// long is seen to be read.
Result<std::unique_ptr<kv::State>> read_snapshot_file(const std::string& path, SnapshotCheck,
                                                      const etcd::ImportOptions&);

}  // namespace bowline::apps

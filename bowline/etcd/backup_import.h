// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>

#include "bowline/base/result.h"
#include "bowline/etcd/bolt_reader.h"
#include "bowline/kv/run.h"

namespace bowline::etcd {

struct ImportOptions {
  // The revision is so much higher than in the file: whoever saw one of those that were lost since
  // never sees it mean something else.
  std::int64_t bump_revision = 0;
  // All that is in the file is compacted: watchers who would go on after it begin anew.
  bool mark_compacted = false;
  // Of a cluster that had users: there are none here, so everybody may do everything.
  bool without_users = false;
};

// The state that is in a snapshot file, of ours or of an etcd; without its sum. All of it is held
// in memory twice meanwhile.
Result<std::unique_ptr<kv::State>> import_backup(bolt::Reader&, const ImportOptions& = {});

}  // namespace bowline::etcd

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "bowline/env/life.h"
#include "bowline/etcd/auto_compaction.h"
#include "bowline/etcd/here.h"

namespace bowline::etcd {

// Proposes what AutoCompaction says, while this member leads.
class AutoCompactor {
 public:
  explicit AutoCompactor(Here&);
  ~AutoCompactor();
  AutoCompactor(const AutoCompactor&) = delete;
  AutoCompactor& operator=(const AutoCompactor&) = delete;

 private:
  void look();
  void propose(std::int64_t revision);

  Here& here_;
  AutoCompaction compaction_;
  env::TimerId timer_;
  env::Life life_;
};

}  // namespace bowline::etcd

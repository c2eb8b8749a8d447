// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/base/time.h"

namespace bowline::etcd {

// How often whoever leads compares the data of the members (comparison.h); 0: never.
struct Comparisons {
  Duration every{0};            // all that is not compacted
  Duration compacted_every{0};  // what is there as of the last compaction, once for each
};

}  // namespace bowline::etcd

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/raft/entry.h"

namespace bowline::host {

// Commands out of the log of a group, as they were proposed, all of them committed.
struct LogPart {
  raft::Batch commands;  // may be empty: what was asked for has none, or there is nothing more yet
  Index next;            // to ask from, for what follows; the same as before: ask later
};

}  // namespace bowline::host

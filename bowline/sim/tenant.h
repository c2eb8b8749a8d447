// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <functional>
#include <utility>

#include "bowline/base/ids.h"
#include "bowline/env/env.h"
#include "bowline/sim/decisions.h"
#include "bowline/sim/process_loop.h"

namespace bowline::sim {

// One life of a node's process, as the cables know it. Shared by all that belongs to that process,
// and outlives it.
struct Tenant {
  NodeId node;
  ProcessLoop& loop;
  Chance& chance;
  const std::function<void(NodeId)>& woke;
  bool alive = true;  // the loop may be gone if not

  // The process does this next. Its loop may be behind, as long as it is paused.
  void call(Time when, env::Done<> task) {
    if (!alive) return;
    loop.after(std::max(Duration(0), when - loop.now()), std::move(task));
    if (woke) woke(node);
  }
};

}  // namespace bowline::sim

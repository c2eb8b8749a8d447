// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

#include "apps/bench/etcd_cases.h"

namespace bowline::bench {

// One writer, and so many watchers of its key on ten streams, each of which has a connection. The
// next put comes when the last event of the one before it is there.
Result<Figures> watch_fan_out(EtcdCluster&, std::size_t watchers, const EtcdSizes&);

}  // namespace bowline::bench

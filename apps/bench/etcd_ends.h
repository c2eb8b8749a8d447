// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "apps/bench/etcd_cases.h"

// Starts and ends of members.
namespace bowline::bench {

// A follower is killed. From its start, with what it has on its disk then, until it answers a
// linearizable range.
Result<Figures> restart(EtcdCluster&, const EtcdSizes&);
// From the end of the leader until a put is acknowledged by one of the others.
Result<Figures> failover(EtcdCluster&);

}  // namespace bowline::bench

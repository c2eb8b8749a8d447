// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "apps/bench/raft_trio.h"

namespace bowline::bench {

// How long three processes cannot write when their leader is killed, falls silent, or hands over.
void print_failovers(RaftTrio&, int times);

}  // namespace bowline::bench

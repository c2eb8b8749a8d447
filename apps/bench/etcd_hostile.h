// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "apps/bench/etcd_cases.h"

namespace bowline::bench {

// Puts of 64 clients, first alone, and then beside others who behave badly: thousands of
// connections that say nothing or half a word, noise, requests that make no sense or are too large,
// and watchers who do not read.
Result<Figures> beside_hostile(EtcdCluster&, const EtcdSizes&);

}  // namespace bowline::bench

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apps/bench/etcd_cluster.h"
#include "bowline/base/result.h"

namespace bowline::bench {

struct EtcdSizes {
  std::uint64_t keys = 100'000;
  std::size_t value_bytes = 256;
  double warm_seconds = 1;
  double seconds = 3;
};

struct Shape {
  std::size_t clients = 1;
  std::size_t connections = 1;
};

// What was measured, by name: throughput is "per_second", times end in their unit.
using Figures = std::map<std::string, double>;

// put, range, serializable, mixed or txn.
const std::vector<std::string_view>& etcd_cases();
Result<Figures> measure(EtcdCluster&, std::string_view what, Shape, const EtcdSizes&);

// So many puts, of one key after the other. Each of the keys once: what is read later is there.
Result<void> fill(EtcdCluster&, const EtcdSizes&, std::uint64_t puts);

// What the largest member takes after so many puts: as many of whoever is slow.
Result<Figures> memory(EtcdCluster&, const EtcdSizes&, std::uint64_t puts);

}  // namespace bowline::bench

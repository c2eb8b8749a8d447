// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bowline/base/time.h"
#include "bowline/dash/recent.h"
#include "bowline/host/shard.h"
#include "bowline/raft/membership.h"
#include "bowline/rpc/router.h"

namespace bowline::dash {

// Of the map, as this node has it.
struct StoreFigures {
  std::int64_t revision = 0;
  std::int64_t compacted = 0;
  std::int64_t keys = 0;
  std::uint64_t bytes = 0;
  std::uint64_t watchers = 0;
  std::uint64_t leases = 0;
};

struct Names {
  std::string name;
  std::vector<std::string> urls;  // where clients call it
};

// Where the page finds what it shows. All of it outlives the page, and is used on its thread.
struct Sources {
  const env::Clock& clock;
  env::Loop& loop;
  host::Shard& shard;
  GroupId group;
  rpc::Router& router;
  std::function<Names(const raft::Member&)> names;
  std::function<StoreFigures()> store;
  std::string version;
};

std::string hex(std::uint64_t id);  // as clients of etcd are shown ids

Totals totals_of(const Sources&);
// How this node stands, as JSON. `up`: for so long it has.
std::string report_text(const Sources&, const std::optional<Rates>&, Duration up);

}  // namespace bowline::dash

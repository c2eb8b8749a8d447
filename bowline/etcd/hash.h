// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <expected>

#include "bowline/etcd/errors.h"
#include "bowline/kv/store.h"

namespace bowline::etcd {

struct HashOfPast {
  std::uint32_t hash = 0;
  std::int64_t revision = 0;  // through which it goes
};

// A sum over what the store remembers, from what is compacted through `revision` (0: all). Members
// that were told the same compaction come to the same; it is none that etcd would come to.
std::expected<HashOfPast, Wrong> hash_of(const kv::Store&, std::int64_t revision);

}  // namespace bowline::etcd

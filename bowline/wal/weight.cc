// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/weight.h"

#include "bowline/raft/membership_codec.h"

namespace bowline::wal {

std::uint64_t weight(const raft::Batch& entries) {
  std::uint64_t sum = 0;
  for (const raft::Entry& entry : entries) sum += weight(entry);
  return sum;
}

std::uint64_t weight(const raft::Persist& write) {
  const bool members = write.base && write.base->membership != nullptr;
  return row_weight + weight(write.repaired) + weight(write.entries) +
         (members ? raft::encode(*write.base->membership).size() : 0);
}

}  // namespace bowline::wal

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "bowline/raft/effect.h"

// About what things take in a batch, and never less.
namespace bowline::wal {

inline constexpr std::uint64_t entry_weight = 32;  // beyond its payload
inline constexpr std::uint64_t row_weight = 128;

inline std::uint64_t weight(const raft::Entry& entry) {
  return entry.payload.size() + entry_weight;
}
std::uint64_t weight(const raft::Batch&);
std::uint64_t weight(const raft::Persist&);

}  // namespace bowline::wal

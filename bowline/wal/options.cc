// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/options.h"

#include <algorithm>

#include "bowline/env/buffer.h"
#include "bowline/wal/weight.h"

namespace bowline::wal {

std::string Options::fault() const {
  constexpr std::uint64_t least_blocks = 8;
  constexpr std::uint32_t most_ahead = 64;
  constexpr Duration shortest = std::chrono::milliseconds(1);
  if (segment_bytes % env::block_bytes != 0 || segment_bytes < least_blocks * env::block_bytes)
    return "segment_bytes must be a multiple of 4096, and at least 32768";
  if (segment_bytes > (std::uint64_t{1} << 32)) return "segment_bytes must be at most 4 GiB";
  if (batch_bytes < env::block_bytes || batch_bytes > segment_bytes / 4)
    return "batch_bytes must be at least 4096, and at most a quarter of segment_bytes";
  if (ahead == 0) return "ahead must be at least 1: a segment is made before it is needed";
  if (ahead > most_ahead)
    return "ahead must be at most 64: each of them takes its room on the disk";
  if (mark_after <= Duration(0)) return "mark_after must be above zero";
  if (retry_full_after < shortest) return "retry_full_after must be at least 1 ms";
  if (move_below_permille > 1000) return "move_below_permille must be at most 1000";
  if (most_segments < 2) return "most_segments must be at least 2";
  if (scrub_every < shortest) return "scrub_every must be at least 1 ms";
  return {};
}

std::uint64_t Options::most_payload_bytes() const { return most_entry_bytes() - entry_weight; }

// Its own rows, the echo of the batch before it, and what ties it to that.
std::uint64_t Options::most_batch_bytes() const {
  return std::max(batch_bytes, most_entry_bytes()) + batch_bytes + env::block_bytes;
}

}  // namespace bowline::wal

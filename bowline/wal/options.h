// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "bowline/base/time.h"

namespace bowline::wal {

struct Options {
  std::uint64_t segment_bytes = 64 << 20;  // of each file
  std::uint64_t batch_bytes = 1 << 20;     // of content written at once; one entry may be larger
  std::uint64_t tail_bytes = 64 << 20;     // newest entries kept in memory, all groups together
  std::uint32_t ahead = 2;                 // segments that are ready before they are needed
  std::uint32_t spare = 4;                 // old ones that are kept beside them, to be used again
  // After so long without anything to write, a mark says that the last batch is durable.
  Duration mark_after = std::chrono::milliseconds(20);

  Duration retry_full_after = std::chrono::seconds(1);  // when the disk had no space
  // The oldest segment is emptied, by copying what is still needed of it, once that is less than
  // so many parts of 1,000 and does not go by itself: while as much was written as a segment holds,
  // less than half of it went. Or, however much it is, when there are more segments than this.
  std::uint32_t move_below_permille = 250;
  std::uint64_t most_segments = 64;

  // All segments that are not written any more are read again and again, to find what rots there
  // while it can still be mended: so many bytes a second at most (0: never), and one round after
  // the other, but none sooner than so long after the one before it began. A shard of the default
  // size is 4 GiB, which takes a little over an hour; of a disk that is one thousandth or less.
  std::uint64_t scrub_bytes_per_second = 1 << 20;
  Duration scrub_every = std::chrono::hours(1);

  std::string fault() const;  // what is wrong with them, as a sentence; empty: nothing
  std::uint64_t most_entry_bytes() const { return segment_bytes / 4; }
  std::uint64_t most_payload_bytes() const;  // of one entry
  std::uint64_t most_batch_bytes() const;    // of content, everything included
};

}  // namespace bowline::wal

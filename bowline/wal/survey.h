// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/wal/batch.h"

namespace bowline::wal {

// What a segment holds, from its beginning to where the log went on elsewhere, or ends.
struct Survey {
  std::vector<Batch> batches;
  std::uint64_t end = 0;  // in blocks
  std::uint64_t highest =
      0;              // number of a batch of which anything is left, whether it counts or not
  bool torn = false;  // behind the end lies the beginning of a write that never ended
  std::uint64_t torn_blocks = 0;  // so long would that have been

  std::uint64_t last() const { return batches.empty() ? 0 : batches.back().number; }
};

// A batch of which no block can be read looks like an end, and one of which some cannot like a
// write that never ended; and so does a durable one if no block of the batch behind it can be read,
// which would prove it. Then nobody knows what was there.
bool hides_the_end(const Survey&, std::span<const std::uint64_t> unreadable);

// What a segment's first batch tells of the segment before it.
struct Seal {
  Follows end;
  std::optional<Echo> echo;
};

// Judges a segment that was read whole. Where a single block of a batch is bad it is rebuilt, in
// `bytes` too. `seal`: what the next segment says of the end of this one; nothing: there is none,
// so the last batch may be torn. The rules, each by its name in docs/LOG_FORMAT.md:
//
//   whole      all blocks of the batch are good
//   mended     one is not, and comes from the others
//   torn       more are not, and nothing shows that the batch ever became durable: it is left out
//   damaged    more are not, and something behind it shows that it was durable
//   lost       as damaged, but the table is gone here and in the next batch: an error, as nobody
//              knows what was in there
//   end        nothing is there, and nothing behind it
Result<Survey> survey(std::span<char> bytes, const Place& first, const std::optional<Seal>& seal);

// Does a batch belong where the log had come to? There is no last batch yet in a segment that
// begins.
bool continues(const Batch&, const Follows& last);

}  // namespace bowline::wal

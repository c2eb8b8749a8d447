// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/raft/entry.h"
#include "bowline/wal/block.h"
#include "bowline/wal/row.h"

namespace bowline::wal {

// How well a batch is preserved.
enum class State : std::uint8_t {
  whole,
  mended,   // one block was bad, and is rebuilt from the others
  damaged,  // more are bad, and what they held is lost, but the table is known
};

struct Batch {
  std::uint64_t number = 0;
  std::uint64_t block = 0;  // where it begins in the segment
  std::uint32_t blocks = 0;
  State state = State::whole;
  bool echoed = false;             // the table comes from the next batch
  std::vector<std::uint32_t> bad;  // which of its blocks
  Table table;
};

// What is known of the batch that begins here, from whichever of these blocks is good.
std::optional<Head> head_at(std::string_view blocks, const Place& first);

// Which blocks of a batch are bad. `head`: of any good one.
std::vector<std::uint32_t> bad_blocks(std::string_view blocks, const Place& first, const Head&);
// The same for one who looked at each block already. `found`: what they say of themselves, from the
// first one of the batch on.
std::vector<std::uint32_t> bad_blocks(std::span<const Head> found, const Head&);

// Reads a batch. If one block is bad, it is rebuilt in place. If the table cannot be read, it comes
// from the batch's echo, where there is one. Nothing if there is none: then nobody knows what was
// in it.
std::optional<Batch> examine(std::span<char> blocks, const Place& first, const Head&,
                             const std::optional<Echo>& echo = std::nullopt);
// The same for one who knows already which blocks are bad.
std::optional<Batch> examine(std::span<char> blocks, const Place& first, const Head&,
                             std::vector<std::uint32_t> bad, const std::optional<Echo>& echo);

// The bytes of a batch's content from `at` on, gathered from its blocks.
std::string gather(std::string_view blocks, std::uint64_t at, std::uint64_t bytes);

// The payload of one entry.
inline Bytes payload_of(std::string_view blocks, const EntryHead& entry) {
  return Bytes::own(gather(blocks, entry.at, entry.bytes));
}

}  // namespace bowline::wal

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "bowline/env/buffer.h"

// A batch is what one flush writes: blocks of 4 KiB, each with a head of its own, and at the end
// one block more, the exclusive or of all others. So one lost block of a batch, whichever, costs
// nothing; and any block that is left tells where the batch begins and ends.
namespace bowline::wal {

using env::block_bytes;

// Where a block lies. It is part of the checksum: a block that was meant for another place, or that
// is left from another time, is as bad as one that rotted.
struct Place {
  std::uint64_t disk = 0;  // the identity of this directory
  std::uint64_t segment = 0;
  std::uint64_t block = 0;  // counted from the segment's beginning

  Place plus(std::uint64_t blocks) const { return {disk, segment, block + blocks}; }
};

struct Head {
  std::uint64_t batch = 0;    // its number
  std::uint32_t at = 0;       // this block's place in it; the last one is the parity
  std::uint32_t blocks = 0;   // of the whole batch
  std::uint32_t content = 0;  // bytes of content of the whole batch
  friend bool operator==(const Head&, const Head&) = default;
};

inline constexpr std::size_t head_bytes = 24;
inline constexpr std::size_t room_bytes = block_bytes - head_bytes;  // for content, in each block

// How many blocks a batch of so much content takes; at least two.
constexpr std::uint64_t blocks_for(std::uint64_t content) {
  const std::uint64_t full = (content + room_bytes - 1) / room_bytes;
  return (full == 0 ? 1 : full) + 1;
}

// Where the content's byte number `at` lies in the batch's blocks.
constexpr std::size_t spot(std::size_t at) {
  return at / room_bytes * block_bytes + head_bytes + at % room_bytes;
}

// Writes heads, parity and checksums around content that is in place already.
void seal(std::span<char> blocks, const Place& first, std::uint64_t batch, std::uint32_t content);

// What a block says of itself; nothing if it is not a good block of this place.
std::optional<Head> checked(std::string_view block, const Place&);

// Makes the one bad block of a batch from all others, which are good. `any`: of any of them.
void rebuild(std::span<char> blocks, const Place& first, const Head& any, std::uint32_t bad);

}  // namespace bowline::wal

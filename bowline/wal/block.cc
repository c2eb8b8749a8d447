// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/block.h"

#include <array>
#include <cstring>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"
#include "bowline/base/ids.h"
#include "bowline/base/mutant.h"

// The head of a block, little-endian:
//   crc32c u32 | at u32 | blocks u32 | content u32 | batch u64
// The checksum covers disk, segment and block number (u64 each; they are not stored), and then all
// of the block after the checksum.
namespace bowline::wal {
namespace {

constexpr std::size_t crc_bytes = 4;

std::uint32_t checksum(std::string_view block, const Place& place) {
  std::array<char, 24> where{};
  store(where.data(), place.disk);
  store(where.data() + 8, place.segment);
  store(where.data() + 16, place.block);
  if (planted(Bug::p73_checksum_without_place)) where = {};
  return crc32c(block.substr(crc_bytes), crc32c({where.data(), where.size()}));
}

void finish(std::span<char> block, const Place& place, const Head& head) {
  store(block.data() + 4, head.at);
  store(block.data() + 8, head.blocks);
  store(block.data() + 12, head.content);
  store(block.data() + 16, head.batch);
  store(block.data(), checksum({block.data(), block.size()}, place));
}

// The heads, too: whoever asks for this writes the head anew.
void exclusive_or(char* __restrict into, const char* __restrict from) {
  for (std::size_t i = 0; i < block_bytes; i += 8)
    store(into + i, load<std::uint64_t>(into + i) ^ load<std::uint64_t>(from + i));
}

// The exclusive or of all blocks but that one, in its place. Its head means nothing yet.
void fill_from_others(std::span<char> blocks, std::size_t missing) {
  char* const into = blocks.data() + missing * block_bytes;
  const std::size_t first = missing == 0 ? 1 : 0;
  std::memcpy(into, blocks.data() + first * block_bytes, block_bytes);
  for (std::size_t i = first + 1; i < blocks.size() / block_bytes; ++i)
    if (i != missing) exclusive_or(into, blocks.data() + i * block_bytes);
}

}  // namespace

void seal(std::span<char> blocks, const Place& first, std::uint64_t batch, std::uint32_t content) {
  const std::size_t count = blocks.size() / block_bytes;
  ensure(blocks.size() % block_bytes == 0 && count == blocks_for(content));
  fill_from_others(blocks, count - 1);
  for (std::size_t i = 0; i < count; ++i) {
    const Head head{batch, static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(count),
                    content};
    finish(blocks.subspan(i * block_bytes, block_bytes), first.plus(i), head);
  }
}

std::optional<Head> checked(std::string_view block, const Place& place) {
  if (block.size() != block_bytes) return std::nullopt;
  Head head;
  head.at = load<std::uint32_t>(block.data() + 4);
  head.blocks = load<std::uint32_t>(block.data() + 8);
  head.content = load<std::uint32_t>(block.data() + 12);
  head.batch = load<std::uint64_t>(block.data() + 16);
  if (head.at >= head.blocks || head.blocks != blocks_for(head.content)) return std::nullopt;
  if (place.block < head.at || head.batch == 0 || head.batch >= absurd) return std::nullopt;
  const bool good = load<std::uint32_t>(&block.front()) == checksum(block, place);
  if (!good && !planted(Bug::p24_checksum_ignored)) return std::nullopt;
  return head;
}

void rebuild(std::span<char> blocks, const Place& first, const Head& any, std::uint32_t bad) {
  ensure(blocks.size() == any.blocks * block_bytes && bad < any.blocks);
  fill_from_others(blocks, bad);
  const std::span<char> block = blocks.subspan(bad * block_bytes, block_bytes);
  finish(block, first.plus(bad), {any.batch, bad, any.blocks, any.content});
}

}  // namespace bowline::wal

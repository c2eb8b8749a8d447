// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/env/buffer.h"
#include "bowline/sim/decisions.h"

namespace bowline::sim {

inline constexpr std::size_t sector_bytes = 512;  // what a disk writes at once, or tears
inline constexpr std::size_t block_sectors = env::block_bytes / sector_bytes;

// The contents of one block, shared by all copies of a platter. Null: zeros.
using Page = std::array<char, env::block_bytes>;
using PageRef = std::shared_ptr<const Page>;

using FileId = Ordinal<struct PlatterFileTag>;
using WriteId = Ordinal<struct PlatterWriteTag>;

// What a power failure does to that which was not synced.
enum class Loss : std::uint8_t { nothing, everything, sectors, prefix };
inline constexpr std::uint64_t losses = 4;

// How far a write came.
enum class Reach : std::uint8_t {
  nowhere,
  cache,  // until a sync takes it further
  disk,
  stray,  // readers see it, but it is held for clean: no sync will take it further
};

// The contents of one file: what readers see, and what the power leaves, block by block. A write is
// under way, then waits for a sync, then is durable. Says nothing about names.
class PlatterFile {
 public:
  explicit PlatterFile(std::uint64_t bytes);

  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t blocks() const { return blocks_.size(); }
  bool dirty() const { return !unsynced_.empty() || strayed_; }
  bool busy() const { return under_way_ > 0; }
  bool busy(std::uint64_t block, std::uint64_t count) const;  // a write is under way there

  // Astray: whoever wrote it means another place, and cannot know that this one is busy.
  void begin(WriteId, std::uint64_t block, std::string_view data, bool astray);
  void finish(WriteId, Reach);
  void finish_partly(WriteId, std::uint64_t sectors);  // so many of the first reach the cache
  std::uint64_t sectors(WriteId) const;

  // A sync covers the writes up to one, as far as they are finished.
  void sync(WriteId through);
  void fail_sync(WriteId through, bool shows_old);

  void read(std::uint64_t offset, std::span<char> into) const;
  void read_durable(std::uint64_t offset, std::span<char> into) const;
  bool is_durable(std::uint64_t offset, std::uint64_t bytes) const;
  std::uint64_t durable_hash() const;

  void flip(std::uint64_t offset, unsigned bit);
  void garble(std::uint64_t sector, std::uint64_t seed);
  // Cannot be read, until it is written again; or only once.
  void spoil(std::uint64_t sector, bool once) { spoilt_[sector] = once; }
  bool readable(std::uint64_t offset, std::uint64_t bytes) const;
  std::vector<std::uint64_t> unreadable_blocks() const;  // by rising number
  void forget_spoilt_once(std::uint64_t offset, std::uint64_t bytes);

  void lose_power(Chance&, Loss);
  void settle(Chance&);  // the process that wrote is gone: what is under way ends somehow

 private:
  struct Block {
    PageRef durable;
    PageRef cached;
    WriteId durable_by;  // an older write that waits for a sync has nothing to say here any more
  };
  struct Unsynced {  // one block of a write; those of one write lie together
    WriteId write;
    std::uint64_t block = 0;
    bool under_way = true;
    bool astray = false;
    PageRef page;
  };
  using Blocks = std::span<Unsynced>;
  Blocks blocks_of(WriteId);
  void erase(Blocks);
  void heal(std::uint64_t block);
  template <class Change>
  void change_medium(std::uint64_t index, Change change);
  void lose_sectors(Chance&, Blocks write);
  void lose_prefix(Chance&);
  void keep(Blocks write, std::uint64_t sectors, std::uint64_t bytes);

  std::uint64_t bytes_;
  std::uint64_t under_way_ = 0;  // writes
  bool strayed_ = false;         // somewhere the cache is not what is durable, nor waits for a sync
  std::vector<Block> blocks_;
  std::vector<Unsynced> unsynced_;
  std::map<std::uint64_t, bool> spoilt_;  // sectors; only once?
};

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace bowline::kv {

// Memory for millions of small blocks: no word in front of each, and none lost for good. Blocks of
// about one size share a chunk; a chunk that is empty serves any other size, or goes back. Who
// gives a block back says how large it was. Large blocks have an allocation of their own.
class Slabs {
 public:
  Slabs() = default;
  ~Slabs();
  Slabs(const Slabs&) = delete;
  Slabs& operator=(const Slabs&) = delete;

  static constexpr std::size_t most_small = 8 << 10;
  static constexpr std::size_t chunk_bytes = 256 << 10;

  void trade(Slabs&);                 // they change places
  char* allocate(std::size_t bytes);  // aligned for a word
  void release(char* block, std::size_t bytes);

  std::uint64_t bytes() const { return bytes_; }          // taken from the system
  std::uint64_t bytes_in_use() const { return in_use_; }  // in blocks, with what rounding costs

 private:
  struct Chunk;
  struct Large;
  // Up to 256 bytes in steps of 16, then four sizes for each power of two.
  static constexpr std::size_t fine = 256;
  static constexpr std::size_t step = 16;
  static constexpr std::size_t classes = fine / step + 4 * 5;
  static std::size_t class_of(std::size_t bytes);
  static std::size_t size_of(std::size_t number);
  static Chunk* chunk_of(char* block);
  static Chunk* make_chunk();
  static void give_back(Chunk*);

  Chunk& chunk_with_room(std::size_t number);
  void link(Chunk&);
  void unlink(Chunk&);
  void emptied(Chunk&);
  char* allocate_large(std::size_t bytes);
  void release_large(char* block);

  std::array<Chunk*, classes> with_room_{};  // lists
  Chunk* spare_ = nullptr;                   // a list of empty ones
  std::uint32_t spares_ = 0;
  Chunk* all_ = nullptr;  // a list of all chunks
  Large* large_ = nullptr;
  std::uint64_t bytes_ = 0;
  std::uint64_t in_use_ = 0;
};

}  // namespace bowline::kv

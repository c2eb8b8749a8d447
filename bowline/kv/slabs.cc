// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/slabs.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::kv {
namespace {

constexpr std::uint32_t most_spares = 16;  // 4 MiB of empty chunks are kept

// In a free block.
struct Free {
  char* next = nullptr;
};

struct alignas(Slabs::chunk_bytes) Raw {
  char bytes[Slabs::chunk_bytes];
};

}  // namespace

// What stands at the beginning of a chunk. The chunk begins at a multiple of its size, so that each
// block finds it.
struct Slabs::Chunk {
  Chunk* next = nullptr;  // in the list of those with room, or of spare ones
  Chunk* prev = nullptr;
  Chunk* next_of_all = nullptr;
  Chunk* prev_of_all = nullptr;
  char* free = nullptr;      // a list of blocks that were given back
  std::uint32_t number = 0;  // of its class
  std::uint32_t used = 0;    // blocks that are out
  std::uint32_t handed = 0;  // blocks that were out at some time; behind them nothing is touched
  std::uint32_t most = 0;

  bool is_full() const { return used == most; }
  char* blocks() { return reinterpret_cast<char*>(this) + head_bytes; }
  static constexpr std::size_t head_bytes = 64;
};

struct Slabs::Large {
  Large* next = nullptr;
  Large* prev = nullptr;
  std::size_t bytes = 0;  // with this head
  std::size_t pad = 0;
};

namespace {

char* take(std::size_t bytes) { return std::allocator<char>().allocate(bytes); }
void give(char* block, std::size_t bytes) { std::allocator<char>().deallocate(block, bytes); }

}  // namespace

std::size_t Slabs::class_of(std::size_t bytes) {
  if (bytes <= fine) return bytes == 0 ? 0 : (bytes - 1) / step;
  const auto power = static_cast<std::size_t>(std::bit_width(bytes - 1)) - 1;  // 2^power < bytes
  const std::size_t quarter = (bytes - 1 - (std::size_t{1} << power)) >> (power - 2);
  return fine / step + 4 * (power - 8) + quarter;
}

std::size_t Slabs::size_of(std::size_t number) {
  if (number < fine / step) return (number + 1) * step;
  const std::size_t power = 8 + (number - fine / step) / 4;
  const std::size_t quarters = 4 + (number - fine / step) % 4 + 1;
  return quarters << (power - 2);
}

Slabs::Chunk* Slabs::chunk_of(char* block) {
  const std::size_t within = reinterpret_cast<std::uintptr_t>(block) % chunk_bytes;
  return reinterpret_cast<Chunk*>(block - within);
}

Slabs::Chunk* Slabs::make_chunk() {
  static_assert(sizeof(Chunk) <= Chunk::head_bytes);
  return std::construct_at(reinterpret_cast<Chunk*>(std::allocator<Raw>().allocate(1)));
}

void Slabs::give_back(Chunk* chunk) {
  std::allocator<Raw>().deallocate(reinterpret_cast<Raw*>(chunk), 1);
}

Slabs::~Slabs() {
  while (all_ != nullptr) give_back(std::exchange(all_, all_->next_of_all));
  while (large_ != nullptr) {
    Large* const gone = std::exchange(large_, large_->next);
    give(reinterpret_cast<char*>(gone), gone->bytes);
  }
}

void Slabs::trade(Slabs& other) {
  std::swap(with_room_, other.with_room_);
  std::swap(spare_, other.spare_);
  std::swap(spares_, other.spares_);
  std::swap(all_, other.all_);
  std::swap(large_, other.large_);
  std::swap(bytes_, other.bytes_);
  std::swap(in_use_, other.in_use_);
}

char* Slabs::allocate(std::size_t bytes) {
  if (bytes > most_small) return allocate_large(bytes);
  const std::size_t number = class_of(bytes);
  Chunk& chunk = chunk_with_room(number);
  const std::size_t size = size_of(number);
  char* block = chunk.free;
  if (block != nullptr) {
    chunk.free = reinterpret_cast<Free*>(block)->next;
  } else {
    block = chunk.blocks() + chunk.handed++ * size;
  }
  ++chunk.used;
  if (chunk.is_full()) unlink(chunk);
  in_use_ += size;
  return block;
}

void Slabs::release(char* block, std::size_t bytes) {
  if (bytes > most_small) return release_large(block);
  const std::size_t number = class_of(bytes);
  Chunk& chunk = *chunk_of(block);
  ensure(chunk.number == number && chunk.used > 0);
  if (chunk.is_full()) link(chunk);
  std::construct_at(reinterpret_cast<Free*>(block), Free{chunk.free});
  chunk.free = block;
  in_use_ -= size_of(number);
  if (--chunk.used == 0) emptied(chunk);
}

Slabs::Chunk& Slabs::chunk_with_room(std::size_t number) {
  if (with_room_[number] != nullptr) return *with_room_[number];
  Chunk* chunk = spare_;
  if (chunk != nullptr) {
    spare_ = chunk->next;
    --spares_;
  } else {
    chunk = make_chunk();
    chunk->next_of_all = all_;
    if (all_ != nullptr) all_->prev_of_all = chunk;
    all_ = chunk;
    bytes_ += chunk_bytes;
  }
  chunk->free = nullptr;
  chunk->handed = 0;
  chunk->number = static_cast<std::uint32_t>(number);
  chunk->most = static_cast<std::uint32_t>((chunk_bytes - Chunk::head_bytes) / size_of(number));
  link(*chunk);
  return *chunk;
}

void Slabs::link(Chunk& chunk) {
  Chunk*& first = with_room_[chunk.number];
  chunk.prev = nullptr;
  chunk.next = first;
  if (first != nullptr) first->prev = &chunk;
  first = &chunk;
}

void Slabs::unlink(Chunk& chunk) {
  Chunk*& before = chunk.prev == nullptr ? with_room_[chunk.number] : chunk.prev->next;
  before = chunk.next;
  if (chunk.next != nullptr) chunk.next->prev = chunk.prev;
}

void Slabs::emptied(Chunk& chunk) {
  unlink(chunk);
  if (spares_ < most_spares) {
    chunk.next = std::exchange(spare_, &chunk);
    ++spares_;
    return;
  }
  Chunk*& before = chunk.prev_of_all == nullptr ? all_ : chunk.prev_of_all->next_of_all;
  before = chunk.next_of_all;
  if (chunk.next_of_all != nullptr) chunk.next_of_all->prev_of_all = chunk.prev_of_all;
  bytes_ -= chunk_bytes;
  give_back(&chunk);
}

char* Slabs::allocate_large(std::size_t bytes) {
  const std::size_t whole = bytes + sizeof(Large);
  char* const block = take(whole);
  Large* const large =
      std::construct_at(reinterpret_cast<Large*>(block), Large{large_, nullptr, whole, 0});
  if (large_ != nullptr) large_->prev = large;
  large_ = large;
  bytes_ += whole;
  in_use_ += whole;
  return block + sizeof(Large);
}

void Slabs::release_large(char* block) {
  Large* const large = reinterpret_cast<Large*>(block - sizeof(Large));
  (large->prev == nullptr ? large_ : large->prev->next) = large->next;
  if (large->next != nullptr) large->next->prev = large->prev;
  bytes_ -= large->bytes;
  in_use_ -= large->bytes;
  give(reinterpret_cast<char*>(large), large->bytes);
}

}  // namespace bowline::kv

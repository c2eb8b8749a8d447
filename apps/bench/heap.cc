// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/heap.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace bowline::bench {
namespace {

std::int64_t bytes = 0;
std::int64_t blocks = 0;

// In front of each block stands its size.
constexpr std::size_t header = alignof(std::max_align_t);

void* allocate(std::size_t size) {
  const std::size_t rounded = (size + header - 1) / header * header;
  void* block = std::aligned_alloc(header, rounded + header);
  if (block == nullptr) std::abort();
  *static_cast<std::size_t*>(block) = size;
  bytes += static_cast<std::int64_t>(size);
  ++blocks;
  return static_cast<std::byte*>(block) + header;
}

void release(void* at) noexcept {
  if (at == nullptr) return;
  void* block = static_cast<std::byte*>(at) - header;
  bytes -= static_cast<std::int64_t>(*static_cast<std::size_t*>(block));
  --blocks;
  std::free(block);
}

}  // namespace

std::int64_t heap_bytes() { return bytes; }
std::int64_t heap_blocks() { return blocks; }

}  // namespace bowline::bench

void* operator new(std::size_t size) { return bowline::bench::allocate(size); }
void operator delete(void* at) noexcept { bowline::bench::release(at); }
void operator delete(void* at, std::size_t) noexcept { bowline::bench::release(at); }

// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/buffers.h"

#include <cstdlib>
#include <functional>
#include <utility>

#include <sys/mman.h>

#include "bowline/base/ensure.h"

namespace bowline::runtime {
namespace {

// So large and so aligned that the kernel can back the area with large pages: a megabyte then is
// one piece for the disk, and not 256.
constexpr std::size_t large_page = 2 << 20;

// The standard wants whole multiples. What nobody touches of them takes no memory.
char* aligned(std::size_t alignment, std::size_t bytes) {
  const std::size_t whole = (bytes + alignment - 1) / alignment * alignment;
  char* const memory = static_cast<char*>(std::aligned_alloc(alignment, whole));
  ensure(memory != nullptr);  // without memory there is no way on
  return memory;
}

struct Give {
  void operator()(char* memory) const { std::free(memory); }
};

}  // namespace

struct Buffers::Area {
  std::unique_ptr<char, Give> memory{aligned(large_page, area_bytes)};
  std::mutex mutex;
  std::array<std::vector<char*>, sizes.size()> free;  // under the mutex
};

Buffers::Buffers() : area_(std::make_shared<Area>()) {
  // Only a wish: it works without, too.
  (void)madvise(area_->memory.get(), area_bytes, MADV_HUGEPAGE);
  char* next = area_->memory.get();
  // The largest first, so that they begin at a large page.
  for (std::size_t size = sizes.size(); size-- > 0;) {
    area_->free[size].reserve(sizes[size].pieces);
    for (std::size_t i = 0; i < sizes[size].pieces; ++i, next += sizes[size].bytes)
      area_->free[size].push_back(next);
  }
  ensure(next == area_->memory.get() + area_bytes);
}

std::span<char> Buffers::area() const { return {area_->memory.get(), area_bytes}; }

bool Buffers::is_in_area(const char* memory) const {
  const std::span<char> all = area();
  return !std::less<>()(memory, all.data()) && std::less<>()(memory, all.data() + all.size());
}

// A piece of the least size that fits, or of the next one; nullptr: none is free.
char* Buffers::take(std::size_t bytes, std::size_t& size) {
  size = 0;
  while (size < sizes.size() && sizes[size].bytes < bytes) ++size;
  const std::scoped_lock lock(area_->mutex);
  for (int tries = 0; tries < 2 && size < sizes.size(); ++tries, ++size) {
    std::vector<char*>& free = area_->free[size];
    if (free.empty()) continue;
    char* const piece = free.back();  // the one that was used last is the warmest
    free.pop_back();
    return piece;
  }
  return nullptr;
}

env::Buffer Buffers::lend(std::size_t bytes) {
  bytes = (bytes + env::block_bytes - 1) / env::block_bytes * env::block_bytes;
  if (bytes == 0) return {};
  std::size_t size = 0;
  if (char* const piece = take(bytes, size); piece != nullptr) {
    const auto give_back = [area = area_, size](char* memory) {
      const std::scoped_lock lock(area->mutex);
      area->free[size].push_back(memory);
    };
    return {{piece, bytes}, std::shared_ptr<char>(piece, give_back)};
  }
  const bool is_large = bytes >= large_page;
  char* const memory = aligned(is_large ? large_page : env::block_bytes, bytes);
  if (is_large) (void)madvise(memory, bytes, MADV_HUGEPAGE);  // 32 faults for 64 MiB, not 16,384
  return {{memory, bytes}, std::shared_ptr<char>(memory, Give())};
}

}  // namespace bowline::runtime

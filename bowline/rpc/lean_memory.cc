// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/lean_memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <sys/mman.h>

namespace bowline::rpc {
namespace {

constexpr std::size_t least_mapped_bytes = 16UL << 10U;

}  // namespace

struct LeanMemory::Functions {
  static LeanMemory& of(void* self) { return *static_cast<LeanMemory*>(self); }

  static void* allocate(std::size_t bytes, void* self) {
    return bytes < least_mapped_bytes ? std::realloc(nullptr, bytes) : of(self).map(bytes);
  }
  static void release(void* at, void* self) {
    if (Block* const block = of(self).find(at)) return of(self).unmap(*block);
    std::free(at);
  }
  // What is mapped is zero.
  static void* allocate_zeros(std::size_t count, std::size_t bytes, void* self) {
    if (bytes != 0 && count > SIZE_MAX / bytes) return nullptr;
    return count * bytes >= least_mapped_bytes ? of(self).map(count * bytes)
                                               : std::calloc(count, bytes);
  }
  static void* reallocate(void* at, std::size_t bytes, void* self) {
    if (at == nullptr) return allocate(bytes, self);
    Block* const block = of(self).find(at);
    if (block == nullptr) return std::realloc(at, bytes);
    const std::size_t kept = std::min(bytes, block->bytes);
    void* const other = std::realloc(nullptr, bytes);
    if (other == nullptr) return nullptr;
    std::memcpy(other, at, kept);
    of(self).unmap(*block);
    return other;
  }
};

LeanMemory::LeanMemory()
    : functions_{.mem_user_data = this,
                 .malloc = Functions::allocate,
                 .free = Functions::release,
                 .calloc = Functions::allocate_zeros,
                 .realloc = Functions::reallocate} {}

LeanMemory::~LeanMemory() {
  while (!blocks_.empty()) unmap(blocks_.back());
}

void* LeanMemory::map(std::size_t bytes) {
  void* const at =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return nullptr;
  blocks_.push_back({at, bytes});
  return at;
}

LeanMemory::Block* LeanMemory::find(const void* at) {
  const auto found = std::ranges::find_if(blocks_, [at](const Block& one) { return one.at == at; });
  return found == blocks_.end() ? nullptr : &*found;
}

void LeanMemory::unmap(Block& block) {
  ::munmap(block.at, block.bytes);
  block = blocks_.back();
  blocks_.pop_back();
}

}  // namespace bowline::rpc

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/buffer_pool.h"

#include <cstring>
#include <utility>

namespace bowline::sim {
namespace {

constexpr int never_written = 0xa5;

}  // namespace

env::Buffer BufferPool::lend(const std::shared_ptr<BufferPool>& pool, std::size_t bytes) {
  const std::size_t blocks = (bytes + env::block_bytes - 1) / env::block_bytes;
  if (blocks == 0) return {};
  std::vector<Memory>& idle = pool->idle_[blocks];
  Memory memory;
  if (idle.empty()) {
    memory = std::make_unique_for_overwrite<Block[]>(blocks);
    std::memset(memory.get(), never_written, blocks * env::block_bytes);
  } else {
    memory = std::move(idle.back());
    idle.pop_back();
  }
  const std::span<char> all(memory[0].bytes, blocks * env::block_bytes);
  const auto take_back = [pool, blocks](Block* back) { pool->idle_[blocks].emplace_back(back); };
  return {all, std::shared_ptr<Block>(memory.release(), take_back)};
}

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "bowline/env/buffer.h"

namespace bowline::sim {

// Memory for the transfers of one process. What comes back is lent again as it is: whoever forgets
// to fill a buffer writes something old, the same in every run.
class BufferPool {
 public:
  static env::Buffer lend(const std::shared_ptr<BufferPool>& pool, std::size_t bytes);

 private:
  struct alignas(env::block_bytes) Block {
    char bytes[env::block_bytes];
  };
  using Memory = std::unique_ptr<Block[]>;

  std::map<std::size_t, std::vector<Memory>> idle_;  // by how many blocks
};

}  // namespace bowline::sim

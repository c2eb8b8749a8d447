// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "bowline/env/env.h"

namespace bowline::runtime {

// What a memory disk holds. It stays as long as somebody has it, and so outlives the disk: a node
// that starts again finds what it wrote. It is gone with the process. For one thread at a time.
struct MemoryFiles {
  struct Content {
    std::shared_ptr<char[]> bytes;  // the system gives of it what is touched
    std::size_t size = 0;
  };
  std::map<std::string, Content> all;                 // by name
  std::uint64_t most_bytes = std::uint64_t{4} << 30;  // beyond, the disk is full
  bool locked = false;
};

// For tests of programs that embed a node: nothing is written anywhere, and everything is durable
// at once. It survives nothing that a disk is there for. The loop outlives it.
std::unique_ptr<env::Disk> memory_disk(env::Loop&, std::shared_ptr<MemoryFiles>);

}  // namespace bowline::runtime

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "bowline/env/buffer.h"

namespace bowline::runtime {

// Lends memory for transfers: pieces of one area that a disk may keep mapped for the kernel, and
// ordinary memory when no piece of a fitting size is free. Buffers may outlive it, and may be given
// back on any thread.
class Buffers {
 public:
  static constexpr std::size_t area_bytes = 8 << 20;

  Buffers();

  env::Buffer lend(std::size_t bytes);  // rounded up to blocks
  std::span<char> area() const;
  bool is_in_area(const char* memory) const;

 private:
  struct Size {
    std::size_t bytes = 0;
    std::size_t pieces = 0;
  };
  // What a log writes at once: mostly a block or a few, and under load up to a megabyte. Together
  // they are the area.
  static constexpr std::array<Size, 5> sizes = {
      {{4 << 10, 128}, {16 << 10, 64}, {64 << 10, 32}, {256 << 10, 10}, {1 << 20, 2}}};

  struct Area;
  char* take(std::size_t bytes, std::size_t& size);

  std::shared_ptr<Area> area_;
};

}  // namespace bowline::runtime

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <vector>

#include <nghttp2/nghttp2.h>

namespace bowline::rpc {

// What nghttp2 has of memory in one session. From the beginning on it wants 16 KiB for a frame that
// may come, and most that come are short: such blocks are pages of their own here, and only those
// that were written to cost anything, whatever the heap was used for before.
class LeanMemory {
 public:
  LeanMemory();
  ~LeanMemory();
  LeanMemory(const LeanMemory&) = delete;
  LeanMemory& operator=(const LeanMemory&) = delete;

  nghttp2_mem* for_nghttp2() { return &functions_; }

 private:
  struct Functions;  // as nghttp2 calls them
  struct Block {
    void* at = nullptr;
    std::size_t bytes = 0;
  };
  void* map(std::size_t bytes);
  Block* find(const void* at);
  void unmap(Block&);

  nghttp2_mem functions_;
  std::vector<Block> blocks_;  // one, and more only while a head of more than 16 KiB is packed
};

}  // namespace bowline::rpc

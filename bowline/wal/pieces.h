// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <memory_resource>

namespace bowline::wal {

// Memory in small pieces that come and go all the time: those that are given back wait for the next
// one who wants such a piece. But only some of each size: what a busy hour needed is not kept for
// ever, as the pools of the standard library would.
class Pieces final : public std::pmr::memory_resource {
 public:
  static constexpr std::size_t largest = 512;  // what is larger does not wait
  static constexpr std::size_t most_waiting = 1024;

  Pieces() = default;
  ~Pieces() override;
  Pieces(const Pieces&) = delete;
  Pieces& operator=(const Pieces&) = delete;

  std::size_t waiting_bytes() const;

 private:
  static constexpr std::size_t step = 64;  // sizes are rounded up to a multiple of it
  struct Free {
    Free* next = nullptr;
  };
  struct Stack {
    Free* top = nullptr;
    std::size_t count = 0;
  };
  Stack& of(std::size_t bytes) { return stacks_[(bytes - 1) / step]; }
  static bool is_small(std::size_t bytes, std::size_t alignment) {
    return bytes > 0 && bytes <= largest && alignment <= alignof(std::max_align_t);
  }

  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* place, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::array<Stack, largest / step> stacks_;
};

}  // namespace bowline::wal

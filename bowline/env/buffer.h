// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace bowline::env {

// The unit of a disk: offsets, sizes and memory of every transfer are multiples of it.
inline constexpr std::size_t block_bytes = 4096;

// Memory for a transfer, aligned to a block. Whoever asks for a transfer gives it away and gets it
// back at the end, so that nobody can touch it meanwhile. Lent by a Disk, which may keep it mapped
// for the kernel; goes back there by itself.
class Buffer {
 public:
  Buffer() = default;
  Buffer(std::span<char> memory, std::shared_ptr<void> owner, std::int32_t slot = -1)
      : memory_(memory), owner_(std::move(owner)), slot_(slot) {}
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~Buffer() = default;

  char* data() { return memory_.data(); }
  const char* data() const { return memory_.data(); }
  std::size_t size() const { return memory_.size(); }
  bool empty() const { return memory_.empty(); }
  std::string_view view() const { return {memory_.data(), memory_.size()}; }
  std::int32_t slot() const { return slot_; }  // for the disk that lent it
  // Keeps the first `bytes` only. The rest stays lent, but nobody sees it.
  void shrink(std::size_t bytes) { memory_ = memory_.first(bytes); }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(owner_, other.owner_);
    std::swap(slot_, other.slot_);
  }

  std::span<char> memory_;
  std::shared_ptr<void> owner_;
  std::int32_t slot_ = -1;
};

}  // namespace bowline::env

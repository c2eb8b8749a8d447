// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace bowline::session {

// An answer on the heap: one word where it is kept, and nothing else where it is not. There may be
// a hundred thousand, and most are a few bytes long.
class Kept {
 public:
  Kept() = default;
  explicit Kept(std::string_view bytes)
      : block_(std::make_unique_for_overwrite<char[]>(head + bytes.size())) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    std::memcpy(block_.get(), &size, head);
    bytes.copy(block_.get() + head, bytes.size());
  }

  explicit operator bool() const { return block_ != nullptr; }
  std::string_view view() const {
    if (block_ == nullptr) return {};
    std::uint32_t size = 0;
    std::memcpy(&size, block_.get(), head);
    return {block_.get() + head, size};
  }
  std::size_t size() const { return view().size(); }
  void reset() { block_.reset(); }

 private:
  static constexpr std::size_t head = sizeof(std::uint32_t);
  std::unique_ptr<char[]> block_;
};

}  // namespace bowline::session

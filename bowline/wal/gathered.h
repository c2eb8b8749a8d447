// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bowline/base/bytes.h"

namespace bowline::wal {

// Payloads side by side, in memory of their own: two allocations for all of them. What came over
// the network is a part of its frame, and keeps all of it.
class Gathered {
 public:
  // So much of one write may stay where it is: it is a fair part of whatever brought it, since the
  // courier's frames are hardly ever larger than six times as much. Less is copied in no time.
  static constexpr std::uint64_t enough = 128 << 10;

  explicit Gathered(std::uint64_t bytes) { memory_->reserve(bytes); }  // of all together

  Bytes add(const Bytes& payload) {
    const std::size_t at = memory_->size();
    memory_->append(payload.view());
    return Bytes::part(memory_, std::string_view(*memory_).substr(at));
  }

 private:
  std::shared_ptr<std::string> memory_ = std::make_shared<std::string>();
};

}  // namespace bowline::wal

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace bowline::host {

// So many bytes may be taken, and no more. So that nothing is refused for ever, whatever its size,
// one is always taken.
class Allowance {
 public:
  explicit Allowance(std::uint64_t most_bytes) : most_(most_bytes) {}

  // False: it is full, and what was asked for, so many things, is counted as refused.
  bool take(std::uint64_t bytes, std::uint64_t things = 1) {
    const bool fits = bytes_ == 0 || (bytes_ <= most_ && bytes <= most_ - bytes_);
    if (fits) {
      bytes_ += bytes;
    } else {
      refused_ += things;
    }
    return fits;
  }
  void give_back(std::uint64_t bytes) { bytes_ -= bytes; }

  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t most_bytes() const { return most_; }
  std::uint64_t refused() const { return refused_; }  // since the start

 private:
  std::uint64_t most_;
  std::uint64_t bytes_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace bowline::host

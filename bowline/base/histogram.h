// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace bowline {

// How often which values came. What is below 64 is kept as it is; above, each doubling is cut into
// 32 parts, so that a value is known to within one part of 32. All values have a place, and adding
// one costs a few instructions. Nothing is locked: it belongs to one thread.
class Histogram {
 public:
  static constexpr std::size_t buckets = 60 * 32;

  void add(std::uint64_t value, std::uint64_t times = 1) {
    counts_[bucket_of(value)] += times;
    count_ += times;
    sum_ += value * times;
    most_ = std::max(most_, value);
  }
  void add(const Histogram& other) {
    for (std::size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    most_ = std::max(most_, other.most_);
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t sum() const { return sum_; }
  std::uint64_t most() const { return most_; }

  // So many parts of 1,000 are not above this; it is at most one part of 32 too high. 0: there is
  // nothing.
  std::uint64_t at(std::uint64_t permille) const {
    const std::uint64_t whole = count_ / 1000 * permille;
    const std::uint64_t rest = (count_ % 1000 * permille + 999) / 1000;
    const std::uint64_t wanted = std::max<std::uint64_t>(whole + rest, 1);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
      seen += counts_[i];
      if (seen >= wanted) return std::min(last_of(i), most_);
    }
    return 0;
  }
  // How many are below a power of two that is not below 64; exact.
  std::uint64_t below(std::uint64_t power) const {
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets && last_of(i) < power; ++i) seen += counts_[i];
    return seen;
  }

  static constexpr std::size_t bucket_of(std::uint64_t value) {
    if (value < 64) return value;
    const auto doublings = static_cast<std::size_t>(std::bit_width(value)) - 6;
    return doublings * 32 + (value >> doublings);
  }
  // The greatest value that goes there.
  static constexpr std::uint64_t last_of(std::size_t bucket) {
    if (bucket < 64) return bucket;
    const std::size_t doublings = bucket / 32 - 1;
    const std::uint64_t next = bucket % 32 + 33;  // where the one after it begins, in such parts
    return (next << doublings) - 1;
  }

 private:
  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t most_ = 0;
};

}  // namespace bowline

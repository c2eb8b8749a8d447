// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/sim/hash.h"

namespace bowline::sim::small {

// Gives equal values the same number, by order of arrival from 0. What a model checker keeps of all
// that it has seen: values are compared whole, so no two are ever taken for one. A Value has hash()
// and ==. References to values stay valid.
template <class Value>
class Numbered {
 public:
  struct Place {
    std::uint32_t number = 0;
    bool fresh = false;
  };

  Place number(Value value) {
    if (slots_.size() < 2 * (std::size_t{size_} + 1)) grow();
    std::size_t at = value.hash() & mask();
    for (; slots_[at] != none; at = (at + 1) & mask())
      if ((*this)[slots_[at]] == value) return {slots_[at], false};
    ensure(size_ < none);
    slots_[at] = size_;
    if (size_ >> chunk_bits == chunks_.size()) chunks_.emplace_back().reserve(chunk);
    chunks_.back().push_back(std::move(value));
    return {size_++, true};
  }
  const Value& operator[](std::uint32_t number) const {
    return chunks_[number >> chunk_bits][number & (chunk - 1)];
  }
  std::uint32_t size() const { return size_; }

 private:
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  static constexpr unsigned chunk_bits = 14;
  static constexpr std::uint32_t chunk = 1U << chunk_bits;

  std::size_t mask() const { return slots_.size() - 1; }
  void grow() {
    slots_.assign(slots_.empty() ? 64 : 2 * slots_.size(), none);
    for (std::uint32_t i = 0; i < size_; ++i) {
      std::size_t at = (*this)[i].hash() & mask();
      while (slots_[at] != none) at = (at + 1) & mask();
      slots_[at] = i;
    }
  }

  std::vector<std::vector<Value>> chunks_;
  std::vector<std::uint32_t> slots_;  // open addressing; at most half full
  std::uint32_t size_ = 0;
};

// Two numbers as a value.
struct Pair {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  std::uint64_t hash() const { return mixed(0, (std::uint64_t{first} << 32) | second); }
  friend bool operator==(Pair, Pair) = default;
};

struct Digest {
  std::uint64_t value = 0;
  std::uint64_t hash() const { return mixed(0, value); }
  friend bool operator==(Digest, Digest) = default;
};

}  // namespace bowline::sim::small

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bowline/raft/entry.h"

namespace bowline::sim {

// Not for adversaries: tells two histories, or two logs, apart, the same on every machine.
constexpr std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
  std::uint64_t z = (hash ^ value) + 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

inline std::uint64_t mixed(std::uint64_t hash, std::string_view text) {
  hash = mixed(hash, text.size());
  while (!text.empty()) {
    const std::size_t part = text.size() < 8 ? text.size() : 8;
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < part; ++i)
      word |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
    hash = mixed(hash, word);
    text.remove_prefix(part);
  }
  return hash;
}

// The hash of a log that ends with `entry`, from the hash of the log before it.
inline std::uint64_t extended(std::uint64_t prefix, const raft::Entry& entry) {
  prefix = mixed(prefix, entry.id.term.value);
  prefix = mixed(prefix, entry.id.index.value);
  prefix = mixed(prefix, static_cast<std::uint64_t>(entry.kind));
  return mixed(prefix, entry.payload.view());
}

}  // namespace bowline::sim

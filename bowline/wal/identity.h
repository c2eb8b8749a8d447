// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bowline/base/result.h"
#include "bowline/wal/block.h"
#include "bowline/wal/row.h"

namespace bowline::wal {

// Whose log a directory holds.
struct Owner {
  ClusterId cluster;  // 0: not known yet
  NodeId node;
  std::uint32_t shard = 0;
  std::uint32_t shards = 1;
  friend bool operator==(const Owner&, const Owner&) = default;
};

// The one file of a log that is no segment. `disk` is drawn when the directory is made: what was
// written in another one never passes for ours.
struct Identity {
  Owner owner;
  Incarnation disk;
  friend bool operator==(const Identity&, const Identity&) = default;
};

inline constexpr std::string_view identity_name = "identity";
inline constexpr std::size_t identity_bytes = 2 * block_bytes;  // it is there twice

void encode(const Identity&, std::span<char> file);

// `file` is mended if one half of it is bad.
Result<Identity> decode_identity(std::span<char> file);

// Why a directory that is `found` cannot be used by who is `wanted`; empty: it can.
std::string mismatch(const Owner& found, const Owner& wanted);

}  // namespace bowline::wal

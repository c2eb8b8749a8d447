// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "bowline/raft/membership.h"

namespace bowline::host {

inline constexpr std::uint32_t most_piece_bytes = 4 << 20;
inline constexpr std::uint32_t most_pieces = 1 << 20;
inline constexpr std::size_t most_manifest_bytes = 7 << 20;  // with the sums of all those pieces

// What a snapshot is, and what its pieces must be.
struct Manifest {
  GroupId group;
  raft::Base base;                  // with a membership
  std::uint32_t piece_bytes = 0;    // of each piece but the last; whole blocks
  std::uint64_t bytes = 0;          // of all of them
  std::vector<std::uint32_t> sums;  // CRC-32C, one for each piece
  // A sum over all of the above. What two members made of the same log may differ: their pieces
  // must not be mixed.
  std::uint64_t identity = 0;

  std::uint32_t pieces() const { return static_cast<std::uint32_t>(sums.size()); }
  std::uint32_t bytes_of(std::uint32_t piece) const;
  bool is(std::uint32_t piece, std::string_view content) const;  // is that it?
};

// Before the content: magic u32 | bytes of content u32 | CRC-32C of content u32.
inline constexpr std::uint32_t manifest_magic = 0x6e736c62;  // "blsn"
inline constexpr std::size_t manifest_head_bytes = 12;

std::string encode(const Manifest&);
std::uint64_t identity_of(const Manifest&);

// Bytes from a disk or from another node, of which nothing is trusted.
Result<Manifest> decode_manifest(std::string_view);
// The same, at the beginning of a file that has more.
Result<Manifest> decode_manifest_file(std::string_view file);

}  // namespace bowline::host

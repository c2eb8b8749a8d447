// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

// The file in which etcd keeps its data, a database of bbolt, to the byte. It is made of pages. The
// first two are heads, of which the one with the higher number counts; each bucket is a tree of the
// others. All numbers are little-endian.
//
//   page     id u64 | kind u16 | count u16 | overflow u32 | elements | what they point to
//            It goes on for `overflow` more pages.
//   head     magic u32 | version u32 | page bytes u32 | flags u32 | root page u64 | sequence u64 |
//            page of the free list u64 | pages in all u64 | number u64 | sum u64, over what is
//            before it
//   leaf     elements: flags u32 | where u32, from here | key bytes u32 | value bytes u32
//   branch   elements: where u32, from here | key bytes u32 | page u64; the key is the first below
//   free     elements: page u64
//   bucket   the value of an element with a flag: root page u64 | sequence u64. Root page 0: a leaf
//            follows at once.
namespace bowline::etcd::bolt {

using PageId = std::uint64_t;

inline constexpr std::size_t page_bytes = 4096;  // of what we write
inline constexpr std::size_t page_head_bytes = 16;
inline constexpr std::size_t element_bytes = 16;  // of a leaf and of a branch
inline constexpr std::size_t bucket_bytes = 16;
inline constexpr std::size_t head_bytes = 64;
inline constexpr std::size_t summed_bytes = 56;  // of a head

inline constexpr std::uint16_t branch_page = 1;
inline constexpr std::uint16_t leaf_page = 2;
inline constexpr std::uint16_t head_page = 4;
inline constexpr std::uint16_t free_page = 16;
inline constexpr std::uint32_t is_bucket = 1;  // the flag of an element

inline constexpr std::uint32_t magic = 0xED0CDAED;
inline constexpr std::uint32_t version = 2;

// FNV-1a.
constexpr std::uint64_t sum_of(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325U;
  for (const char c : bytes) sum = (sum ^ static_cast<std::uint8_t>(c)) * 0x100000001b3U;
  return sum;
}

}  // namespace bowline::etcd::bolt

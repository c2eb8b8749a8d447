// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>

#include "bowline/kv/item.h"

// The blocks that the map is made of. Their owner is the store; a pointer to one is good until the
// store forgets it, which it does in sweep() only.
namespace bowline::kv {

struct Version;

// A key that has a past. It stays where it is until compaction has forgotten all of it. Its bytes
// follow it in memory.
struct Key {
  Version* newest = nullptr;  // never null between two calls of the store
  std::uint32_t bytes = 0;

  std::string_view view() const { return {reinterpret_cast<const char*>(this + 1), bytes}; }
};

// A key as of one write, or that it was erased.
struct Version {
  std::int64_t main = 0;
  std::int64_t create = 0;
  std::int64_t version = 0;  // 0: it was erased by this write
  LeaseId lease = 0;
  Key* key = nullptr;
  Version* older = nullptr;  // of the same key; null: the first, or what was before is compacted
  // The handle of its value. All values are in memory as yet; one that moves to a disk would have
  // another kind of handle, and only Values (values.h) reads it.
  char* value_at = nullptr;
  std::uint32_t value_bytes = 0;
  std::uint32_t sub = 0;

  bool is_live() const { return version != 0; }
  Revision revision() const { return {main, sub}; }
};

}  // namespace bowline::kv

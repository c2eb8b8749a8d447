// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

// What clients see of the map. The numbers are signed, as on the wire of etcd. No value here owns
// bytes: whoever hands one out says how long they stay.
namespace bowline::kv {

using LeaseId = std::int64_t;  // 0: none

// One write within one transaction. All writes of a transaction have the same `main`; `sub` counts
// them from 0.
struct Revision {
  std::int64_t main = 0;
  std::int64_t sub = 0;
  friend auto operator<=>(const Revision&, const Revision&) = default;
};

inline constexpr std::int64_t first_revision = 1;  // of a map that nobody wrote to yet

// A key and its value as of one revision.
struct Item {
  std::string_view key;
  std::string_view value;
  std::int64_t create_revision = 0;
  std::int64_t mod_revision = 0;
  std::int64_t version = 0;  // 1 when it is created, and one more with each put
  LeaseId lease = 0;
  friend bool operator==(const Item&, const Item&) = default;
};

// What a watcher hears. Of an erased key, `item` has the key and mod_revision only.
struct Event {
  enum class Kind : std::uint8_t { put, erase };
  Kind kind = Kind::put;
  std::int64_t sub = 0;  // with item.mod_revision it names the event for all time
  Item item;
  std::optional<Item> before;  // if it was asked for, and is not compacted
  friend bool operator==(const Event&, const Event&) = default;
};

}  // namespace bowline::kv

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "bowline/base/encoding.h"

// What commands, answers and snapshots write their fields with.
namespace bowline::kv {

// Small numbers are short, whatever their sign.
inline void put_signed(std::string& out, std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  put_varint(out, bits << 1 ^ (value < 0 ? ~std::uint64_t{0} : 0));
}
inline std::int64_t take_signed(Cursor& from) {
  const std::uint64_t bits = from.varint();
  return static_cast<std::int64_t>(bits >> 1 ^ (~(bits & 1) + 1));
}

inline void put_bytes(std::string& out, std::string_view bytes) {
  put_varint(out, bytes.size());
  out += bytes;
}
inline std::string_view take_bytes(Cursor& from) { return from.take(from.varint()); }

inline void put_flag(std::string& out, bool flag) { out.push_back(flag ? '\1' : '\0'); }
inline bool take_flag(Cursor& from) { return from.u8_below(2) != 0; }

// Of something that takes at least a byte. What is left bounds it, so that a large number in a
// short message costs nothing.
inline std::uint64_t take_count(Cursor& from) { return from.varint_at_most(from.left()); }

}  // namespace bowline::kv

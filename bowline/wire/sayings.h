// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "bowline/base/encoding.h"

// What asks and answers are put together from.
namespace bowline::wire {

inline void put_saying(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

inline std::string take_saying(Cursor& in) { return std::string(in.take(in.varint())); }

// A variant, of which the first byte says which it is. False: it is none of them, or its body is
// not good.
template <class Variant, class Take>
bool take_kind(Cursor& in, Variant& what, Take take) {
  const std::size_t kind = in.u8();
  const auto take_if = [&]<std::size_t Kind>() {
    if (kind != Kind) return false;
    take(what.template emplace<Kind>());
    return true;
  };
  const bool known = [&]<std::size_t... Kinds>(std::index_sequence<Kinds...>) {
    return (take_if.template operator()<Kinds>() || ...);
  }(std::make_index_sequence<std::variant_size_v<Variant>>());
  return known && in.good();
}

}  // namespace bowline::wire

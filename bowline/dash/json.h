// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bowline::dash {

// {"name":value,...}, in the order in which they are added.
class Object {
 public:
  Object& text(std::string_view name, std::string_view value);
  Object& number(std::string_view name, std::uint64_t value);
  Object& real(std::string_view name, double value);  // three places behind the point
  Object& flag(std::string_view name, bool value);
  Object& json(std::string_view name, std::string_view value);  // as it is
  std::string done() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

// "...", of bytes of anybody's making: what is not UTF-8, and what ends a line or a script, is
// written as an escape.
std::string in_quotes(std::string_view bytes);

// Is this one object, whole and by itself? For what others have made, before it goes into ours.
bool is_object(std::string_view text, std::size_t most_bytes);

}  // namespace bowline::dash

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "bowline/sim/plan.h"

// How history files spell what a plan is made of. word() and read() are each other's inverse;
// read() says whether the word makes sense.
namespace bowline::sim {

std::string_view name(Shape);
std::string_view name(Part);

std::string word(Duration);  // seconds, as in 12.5; exact
inline std::string word(Time time) { return word(time.since_start); }
inline std::string word(bool flag) { return flag ? "yes" : "no"; }
template <class Kind>
  requires std::is_enum_v<Kind>
std::string word(Kind kind) {
  return std::string(name(kind));
}
template <class Number>
  requires std::is_integral_v<Number>
std::string word(Number number) {
  return std::to_string(number);
}

bool read(std::string_view word, Duration&);
inline bool read(std::string_view word, Time& time) { return read(word, time.since_start); }
inline bool read(std::string_view word, bool& flag) {
  flag = word == "yes";
  return flag || word == "no";
}
bool read(std::string_view word, Trouble&);
bool read(std::string_view word, Act&);
bool read(std::string_view word, Shape&);
bool read(std::string_view word, Part&);
template <class Number>
  requires std::is_integral_v<Number>
bool read(std::string_view word, Number& number, int base = 10) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, base);
  return error == std::errc() && end == word.data() + word.size();
}

// The words of a line, without the gaps between them.
std::vector<std::string_view> split(std::string_view line);

}  // namespace bowline::sim

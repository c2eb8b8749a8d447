// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/names.h"

#include <charconv>

namespace bowline::wal {
namespace {

constexpr std::size_t digits = 20;
constexpr std::string_view ending = ".wal";

}  // namespace

std::string segment_name(std::uint64_t number) {
  const std::string text = std::to_string(number);
  return std::string(digits - text.size(), '0') + text + std::string(ending);
}

std::optional<std::uint64_t> segment_number(std::string_view name) {
  if (name.size() != digits + ending.size() || !name.ends_with(ending)) return std::nullopt;
  std::uint64_t number = 0;
  const char* const begin = &name.front();
  const char* const end = begin + digits;
  const auto [stopped, error] = std::from_chars(begin, end, number);
  if (error != std::errc{} || stopped != end || number == 0) return std::nullopt;
  return number;
}

}  // namespace bowline::wal

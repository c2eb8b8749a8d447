// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/words.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "apps/bowline/json.h"

namespace bowline::apps {
namespace {

std::string escape(char letter) {
  std::array<char, 8> text{};
  const auto value = static_cast<unsigned>(static_cast<unsigned char>(letter));
  std::snprintf(text.data(), text.size(), "%02x", value);
  return text.data();
}

bool printable(char letter) { return letter >= ' ' && letter <= '~'; }

}  // namespace

std::string count(std::uint64_t number, std::string_view what) {
  std::string text = std::to_string(number) + " " + std::string(what);
  if (number == 1) return text;
  if (text.ends_with('y')) return text.replace(text.size() - 1, 1, "ies");
  return text + (text.ends_with("ch") ? "es" : "s");
}

std::string size(std::uint64_t bytes) {
  constexpr std::array<const char*, 4> units = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return count(bytes, "byte");
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", value, units[unit]);
  return text.data();
}

std::string safe(std::string_view bytes, std::size_t most) {
  std::string text = "\"";
  for (const char letter : bytes.substr(0, std::min(bytes.size(), most))) {
    if (letter == '"' || letter == '\\') {
      text += '\\';
      text += letter;
    } else {
      text += printable(letter) ? std::string(1, letter) : "\\x" + escape(letter);
    }
  }
  return text + (bytes.size() > most ? "\"..." : "\"");
}

Json Json::of(std::string_view value) {
  std::string text = "\"";
  for (const char letter : value) {
    if (letter == '"' || letter == '\\') text += '\\';
    text += printable(letter) ? std::string(1, letter) : "\\u00" + escape(letter);
  }
  return {text + '"'};
}

}  // namespace bowline::apps

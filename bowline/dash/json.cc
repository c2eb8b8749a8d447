// SPDX-License-Identifier: Apache-2.0
#include "bowline/dash/json.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "bowline/base/utf8.h"

namespace bowline::dash {
namespace {

constexpr std::size_t deepest = 16;

bool is_plain(char c) {
  return c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c != '\x7f';
}

std::string printed(const char* format, auto value) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

}  // namespace

std::string in_quotes(std::string_view bytes) {
  std::string out = "\"";
  while (!bytes.empty()) {
    const std::size_t size = letter_at(bytes);
    if (size == 0) {
      out += "\\ufffd";
    } else if (size > 1 || is_plain(bytes[0])) {
      out += bytes.substr(0, size);
    } else {
      out += printed("\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(bytes[0])));
    }
    bytes.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out + "\"";
}

bool is_object(std::string_view text, std::size_t most_bytes) {
  if (text.size() > most_bytes || !text.starts_with('{')) return false;
  std::string open;  // brackets
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) < ' ') return false;
    if (in_text) {
      if (c == '\\') ++i;
      in_text = c != '"';
      continue;
    }
    in_text = c == '"';
    if (c == '{' || c == '[') open += c;
    if (open.size() > deepest) return false;
    if (c != '}' && c != ']') continue;
    if (open.empty() || open.back() != (c == '}' ? '{' : '[')) return false;
    open.pop_back();
    if (open.empty()) return i + 1 == text.size();
  }
  return false;
}

Object& Object::json(std::string_view name, std::string_view value) {
  text_ += (text_.empty() ? "" : ",") + in_quotes(name) + ":" + std::string(value);
  return *this;
}

Object& Object::text(std::string_view name, std::string_view value) {
  return json(name, in_quotes(value));
}

Object& Object::number(std::string_view name, std::uint64_t value) {
  return json(name, std::to_string(value));
}

Object& Object::real(std::string_view name, double value) {
  return json(name, printed("%.3f", value));
}

Object& Object::flag(std::string_view name, bool value) {
  return json(name, value ? "true" : "false");
}

}  // namespace bowline::dash

// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/framing.h"

#include <array>
#include <charconv>
#include <utility>

namespace bowline::rpc {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";
constexpr std::string_view base64_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct TimeoutUnit {
  char letter;
  Duration length;
};
constexpr std::array<TimeoutUnit, 6> timeout_units = {{{'n', std::chrono::nanoseconds(1)},
                                                       {'u', std::chrono::microseconds(1)},
                                                       {'m', std::chrono::milliseconds(1)},
                                                       {'S', std::chrono::seconds(1)},
                                                       {'M', std::chrono::minutes(1)},
                                                       {'H', std::chrono::hours(1)}}};
constexpr std::int64_t most_timeout_digits = 8;
constexpr std::int64_t most_timeout = 99'999'999;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

int base64_value(char c) {
  const std::size_t at = base64_letters.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string prefix_of(std::uint32_t message_bytes) {
  std::string prefix(prefix_bytes, '\0');
  for (std::size_t i = 1; i < prefix_bytes; ++i)
    prefix[i] = static_cast<char>(message_bytes >> (8 * (prefix_bytes - 1 - i)) & 0xffU);
  return prefix;
}

std::uint32_t size_in(std::string_view prefix) {
  std::uint32_t size = 0;
  for (std::size_t i = 1; i < prefix_bytes; ++i)
    size = size << 8U | static_cast<unsigned char>(prefix[i]);
  return size;
}

std::optional<Duration> parse_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > most_timeout_digits + 1) return std::nullopt;
  std::int64_t count = 0;
  const std::string_view digits = text.substr(0, text.size() - 1);
  if (digits.front() < '0' || digits.front() > '9') return std::nullopt;
  const auto read = std::from_chars(digits.begin(), digits.end(), count);
  if (read.ptr != digits.end()) return std::nullopt;
  for (const TimeoutUnit& unit : timeout_units) {
    if (unit.letter != text.back()) continue;
    if (count > never.since_start / unit.length) return never.since_start;
    return count * unit.length;
  }
  return std::nullopt;
}

std::string encode_timeout(Duration timeout) {
  for (const TimeoutUnit& unit : timeout_units) {
    const std::int64_t count =
        timeout / unit.length + (timeout % unit.length > Duration{0} ? 1 : 0);
    if (count <= most_timeout) return std::to_string(count) + unit.letter;
  }
  return std::to_string(most_timeout) + timeout_units.back().letter;
}

std::string percent_encode(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') {
      result += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result += '%';
    result += hex_digits[byte >> 4U];
    result += hex_digits[byte & 15U];
  }
  return result;
}

std::string percent_decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool has_two = text[i] == '%' && i + 2 < text.size();
    const int high = has_two ? hex_value(text[i + 1]) : -1;
    const int low = has_two ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      result += text[i];
      continue;
    }
    result += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return result;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 == 0)
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string result;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    result += static_cast<char>(bits >> count & 0xffU);
  }
  return result;
}

std::string base64_encode(std::string_view bytes) {
  std::string result;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : bytes) {
    bits = bits << 8U | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) result += base64_letters[bits >> (count - 6) & 63U];
  }
  if (count > 0) result += base64_letters[bits << (6 - count) & 63U];
  return result;
}

bool is_grpc_content(std::string_view type) {
  constexpr std::string_view grpc = "application/grpc";
  if (!type.starts_with(grpc)) return false;
  type.remove_prefix(grpc.size());
  return type.empty() || type.front() == '+' || type.front() == ';';
}

}  // namespace bowline::rpc

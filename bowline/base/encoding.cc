// SPDX-License-Identifier: Apache-2.0
#include "bowline/base/encoding.h"

namespace bowline {

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void Cursor::fail() {
  good_ = false;
  rest_ = {};
}

std::string_view Cursor::take(std::uint64_t bytes) {
  if (rest_.size() < bytes) {
    fail();
    return {};
  }
  const std::string_view taken = rest_.substr(0, bytes);
  rest_.remove_prefix(bytes);
  return taken;
}

std::uint8_t Cursor::u8() {
  const std::string_view byte = take(1);
  return byte.empty() ? 0 : static_cast<std::uint8_t>(byte.front());
}

std::uint8_t Cursor::u8_below(std::uint8_t bound) {
  const std::uint8_t value = u8();
  if (value < bound) return value;
  fail();
  return 0;
}

std::uint16_t Cursor::u16() {
  const std::string_view bytes = take(sizeof(std::uint16_t));
  return bytes.empty() ? std::uint16_t{0} : load<std::uint16_t>(&bytes.front());
}

std::uint32_t Cursor::u32() {
  const std::string_view bytes = take(sizeof(std::uint32_t));
  return bytes.empty() ? 0 : load<std::uint32_t>(&bytes.front());
}

std::uint64_t Cursor::u64() {
  const std::string_view bytes = take(sizeof(std::uint64_t));
  return bytes.empty() ? 0 : load<std::uint64_t>(&bytes.front());
}

std::uint64_t Cursor::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t byte = u8();
    value |= std::uint64_t{byte & 0x7fU} << shift;
    const bool too_long = (shift == 63 && byte > 1) || (shift > 0 && byte == 0);
    if (!good_ || too_long) break;
    if (byte < 0x80) return value;
  }
  fail();
  return 0;
}

std::uint64_t Cursor::varint_at_most(std::uint64_t bound) {
  const std::uint64_t value = varint();
  if (value <= bound) return value;
  fail();
  return 0;
}

}  // namespace bowline

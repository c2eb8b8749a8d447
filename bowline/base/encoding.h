// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

// Numbers as bytes, little-endian on every machine.
namespace bowline {

template <std::unsigned_integral Number>
Number load(const char* from) {
  Number value = 0;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  return value;
}

template <std::unsigned_integral Number>
void store(char* to, Number value) {
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  std::memcpy(to, &value, sizeof value);
}

// Seven bits a byte, the low ones first; the top bit says that there is more.
void put_varint(std::string& out, std::uint64_t value);
constexpr std::size_t varint_bytes(std::uint64_t value) {
  return static_cast<std::size_t>(std::bit_width(value | 1) + 6) / 7;
}
template <std::unsigned_integral Number>
void put(std::string& out, Number value) {
  const std::size_t at = out.size();
  out.resize(at + sizeof value);
  store(out.data() + at, value);
}

// Reads on until something does not fit. From then on everything is zero, and `good` is false.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : whole_(bytes.size()), rest_(bytes) {}

  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }
  std::size_t at() const { return whole_ - rest_.size(); }
  std::size_t left() const { return rest_.size(); }
  void fail();

  std::uint8_t u8();
  std::uint8_t u8_below(std::uint8_t bound);
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  std::uint64_t varint();  // only the shortest form of each number
  std::uint64_t varint_at_most(std::uint64_t bound);
  std::string_view take(std::uint64_t bytes);

 private:
  std::size_t whole_;
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace bowline

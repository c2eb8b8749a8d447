// SPDX-License-Identifier: Apache-2.0
#include "bowline/base/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace bowline {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // bit-reversed

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? polynomial : 0U);
    table[i] = crc;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> table = make_table();

std::uint32_t bytewise(std::string_view bytes, std::uint32_t crc) {
  for (const char c : bytes)
    crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xffU];
  return crc;
}

#if defined(__x86_64__)
// The instruction takes three cycles, and another one can begin in each. So three stretches go at
// once, and are put together at the end. A block of the log has six, nearly to the byte.
constexpr std::size_t stretch = 680;

using Shift = std::array<std::array<std::uint32_t, 256>, 4>;

// What so many zeros make of a checksum, by each of its bytes. It is linear: what becomes of the
// bits tells what becomes of all.
constexpr Shift make_shift() {
  Shift shift{};
  for (unsigned bit = 0; bit < 32; ++bit) {
    std::uint32_t crc = 1U << bit;
    for (std::size_t i = 0; i < stretch; ++i) crc = (crc >> 8) ^ table[crc & 0xffU];
    for (unsigned value = 0; value < 256; ++value)
      if ((value >> bit % 8 & 1U) != 0) shift[bit / 8][value] ^= crc;
  }
  return shift;
}

constexpr Shift shift = make_shift();

std::uint32_t a_stretch_later(std::uint64_t crc) {
  return shift[0][crc & 0xffU] ^ shift[1][crc >> 8 & 0xffU] ^ shift[2][crc >> 16 & 0xffU] ^
         shift[3][crc >> 24 & 0xffU];
}

std::uint64_t word_at(const char* place) {
  std::uint64_t word = 0;
  std::memcpy(&word, place, sizeof word);
  return word;
}

__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::string_view bytes,
                                                               std::uint32_t crc) {
  std::uint64_t wide = crc;
  while (bytes.size() >= 3 * stretch) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    const char* const begin = &bytes.front();
    for (const char* at = begin; at < begin + stretch; at += 8) {
      wide = __builtin_ia32_crc32di(wide, word_at(at));
      second = __builtin_ia32_crc32di(second, word_at(at + stretch));
      third = __builtin_ia32_crc32di(third, word_at(at + 2 * stretch));
    }
    wide = a_stretch_later(a_stretch_later(wide) ^ second) ^ third;
    bytes.remove_prefix(3 * stretch);
  }
  while (bytes.size() >= 8) {
    wide = __builtin_ia32_crc32di(wide, word_at(&bytes.front()));
    bytes.remove_prefix(8);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (const char c : bytes) crc = __builtin_ia32_crc32qi(crc, static_cast<unsigned char>(c));
  return crc;
}

bool has_instruction() {
  static const bool has = __builtin_cpu_supports("sse4.2");
  return has;
}
#endif

}  // namespace

std::uint32_t crc32c_plain(std::string_view bytes, std::uint32_t before) {
  return ~bytewise(bytes, ~before);
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
#if defined(__x86_64__)
  if (has_instruction()) return ~by_instruction(bytes, ~before);
#endif
  return crc32c_plain(bytes, before);
}

}  // namespace bowline

// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/sha1.h"

#include <bit>
#include <cstddef>
#include <string>

namespace bowline::etcd {
namespace {

constexpr std::size_t block_bytes = 64;
using Words = std::array<std::uint32_t, 5>;

std::uint32_t big_endian(const char* at) {
  std::uint32_t word = 0;
  for (int i = 0; i < 4; ++i) word = (word << 8U) | static_cast<std::uint8_t>(at[i]);
  return word;
}

// RFC 3174, 5: which function of three words, and which constant, belongs to a step.
std::uint32_t mixed(std::size_t step, const Words& h) {
  const auto [a, b, c, d, e] = h;
  if (step < 20) return ((b & c) | (~b & d)) + 0x5a827999U;
  if (step < 40) return (b ^ c ^ d) + 0x6ed9eba1U;
  if (step < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcU;
  return (b ^ c ^ d) + 0xca62c1d6U;
}

void add_block(Words& sum, const char* block) {
  std::array<std::uint32_t, 80> w{};
  for (std::size_t i = 0; i < 16; ++i) w[i] = big_endian(block + 4 * i);
  for (std::size_t i = 16; i < w.size(); ++i)
    w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  Words h = sum;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const std::uint32_t next = std::rotl(h[0], 5) + mixed(i, h) + h[4] + w[i];
    h = {next, h[0], std::rotl(h[1], 30), h[2], h[3]};
  }
  for (std::size_t i = 0; i < h.size(); ++i) sum[i] += h[i];
}

}  // namespace

std::array<std::uint8_t, 20> sha1(std::string_view bytes) {
  std::string padded(bytes);
  padded += '\x80';
  while (padded.size() % block_bytes != block_bytes - 8) padded += '\0';
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (int shift = 56; shift >= 0; shift -= 8) padded += static_cast<char>(bits >> shift);
  Words sum{0x67452301U, 0xefcdab89U, 0x98badcfeU, 0x10325476U, 0xc3d2e1f0U};
  for (std::size_t at = 0; at < padded.size(); at += block_bytes)
    add_block(sum, padded.data() + at);
  std::array<std::uint8_t, 20> out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(sum[i / 4] >> (24 - 8 * (i % 4)));
  return out;
}

}  // namespace bowline::etcd

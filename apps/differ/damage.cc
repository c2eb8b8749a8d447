// SPDX-License-Identifier: Apache-2.0
#include "apps/differ/damage.h"

#include <array>

#include "bowline/base/encoding.h"
#include "bowline/base/prng.h"

namespace bowline::differ {
namespace {

// Types of the wire: a number, eight bytes, a length with as many bytes, four bytes.
std::string field(Prng& prng, std::uint64_t number) {
  constexpr std::array<std::uint64_t, 4> types = {0, 1, 2, 5};
  const std::uint64_t type = types[prng.below(types.size())];
  std::string bytes;
  put_varint(bytes, number << 3U | type);
  if (type == 0) put_varint(bytes, prng.chance(50) ? prng.below(3) : prng.next());
  if (type == 1) put(bytes, prng.next());
  if (type == 2) {
    const std::uint64_t size = prng.below(6);
    put_varint(bytes, size);
    for (std::uint64_t i = 0; i < size; ++i) bytes += static_cast<char>('a' + prng.below(26));
  }
  if (type == 5) put(bytes, static_cast<std::uint32_t>(prng.next()));
  return bytes;
}

std::string garbage(Prng& prng) {
  std::string bytes(prng.below(30), '\0');
  for (char& one : bytes) one = static_cast<char>(prng.next());
  return bytes;
}

}  // namespace

std::string damaged(std::string bytes, std::uint64_t seed) {
  Prng prng(seed);
  switch (prng.below(8)) {
    case 0: bytes.resize(prng.below(bytes.size() + 1)); break;
    case 1: bytes.clear(); break;
    case 2: return garbage(prng);
    case 3:
    case 4: return bytes + field(prng, 1 + prng.below(16));
    case 5: return bytes + field(prng, 100 + prng.below(100'000));
    case 6: return field(prng, 1 + prng.below(16)) + bytes;
    default:
      for (std::uint64_t i = 1 + prng.below(3); i > 0 && !bytes.empty(); --i)
        bytes[prng.below(bytes.size())] ^= static_cast<char>(1U << prng.below(8));
  }
  return bytes;
}

}  // namespace bowline::differ

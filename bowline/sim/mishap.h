// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "bowline/base/time.h"

namespace bowline::sim {

// What may go wrong with a disk while it has power.
enum class Mishap : std::uint8_t {
  failed_write,       // an error; some of its first sectors may have been written
  lost_write,         // reported done, and never happens
  misdirected_write,  // goes to other blocks, of this file or of another
  failed_sync,        // an error; what it was about is held for clean, and is not durable
  lying_sync,         // reported done, and nothing is durable yet
  failed_read,        // an error, this time
  flipped_read,       // one bit is wrong, this time
  misdirected_read,   // of another block, this time
  spoilt,             // a sector cannot be read any more, until it is written again
  rot,                // a bit flips on the medium, or whole sectors are garbage
  full,               // no space for a new file
  slow,
  hung,
};
inline constexpr std::size_t mishaps = 13;

// A name for recordings, too.
constexpr const char* name(Mishap mishap) {
  constexpr std::array<const char*, mishaps> names{"failed write",
                                                   "lost write",
                                                   "misdirected write",
                                                   "failed sync",
                                                   "lying sync",
                                                   "failed read",
                                                   "flipped read",
                                                   "misdirected read",
                                                   "spoilt",
                                                   "rot",
                                                   "full",
                                                   "slow",
                                                   "hung"};
  return names[static_cast<std::size_t>(mishap)];
}

// How fast a disk is, and how often something goes wrong.
struct DiskClimate {
  Duration floor{10'000};  // each operation takes at least this long ...
  Duration write{20'000};  // ... and this much more, in the mean
  Duration sync{100'000};  // also what Sync::yes adds to a write
  Duration read{50'000};
  Duration names{200'000};    // create, remove, rename, list, open, sync_names
  Duration each_block{200};   // of a write, a read or a new file
  Duration slower{0};         // all of them, as long as this lasts
  Duration slow{20'000'000};  // what Mishap::slow adds, in the mean
  Duration hang{30'000'000'000};
  std::array<std::uint32_t, mishaps> ppm{};

  std::uint32_t& of(Mishap mishap) { return ppm[static_cast<std::size_t>(mishap)]; }
  std::uint32_t of(Mishap mishap) const { return ppm[static_cast<std::size_t>(mishap)]; }
};

// Bytes of a file.
struct Stretch {
  std::uint64_t offset = 0;
  std::uint64_t bytes = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "bowline/sim/crash_sweep.h"

namespace bowline::sim {

// How one damaged disk of three came out of it.
enum class Cure : std::uint8_t {
  unhurt,    // nothing that counts was hit
  mended,    // the log rebuilt it by itself, at once
  entries,   // others sent what was lost, entry by entry
  snapshot,  // a snapshot of another's took its place
  refused,   // the node does not start, and says what to do
};
inline constexpr std::size_t cures = 5;

// What is damaged.
enum class Harm : std::uint8_t {
  flip,         // one bit, right after the last write was acknowledged
  flip_late,    // one bit, while the log is open: met when it is read
  sectors,      // 2 to 16 sectors are garbage
  unreadable,   // 2 to 16 sectors cannot be read
  misdirected,  // a write went to another place, and its own is as it was
  latent,       // 1 to 16 sectors, while the log is open: met by nobody but the scrubber
};
inline constexpr std::size_t rots = 6;
const char* name(Harm);

// Three nodes, of which the third never had the last writes. One of the two others is damaged, and
// starts again: once for each byte that it has on its disk, and then at random places.
struct RotSweep {
  std::uint64_t late_every = 16;     // of the bytes: flipped while the log is open, too
  std::uint64_t each_large = 2'000;  // how often each of the larger kinds
  SweepPart part;
};

struct RotSweepEnd {
  std::string wrong;          // empty: all was as it must be
  Harm kind = Harm::flip;     // if something is wrong: what was done ...
  std::uint64_t at = 0;       // ... and where: the byte, or the number of the try
  std::uint64_t bytes = 0;    // of all files
  std::uint64_t covered = 0;  // flips of bytes that a checksum covers ...
  std::uint64_t detected = 0;
  std::uint64_t bare = 0;  // ... and of such that none does; nothing may come of those
  std::uint64_t late = 0;  // flips that were met by a read
  std::array<std::array<std::uint64_t, cures>, rots> cured{};
  std::map<std::string, std::uint64_t> refusals;  // the sentences, without their numbers
  std::uint64_t of(Harm rot, Cure cure) const {
    return cured[static_cast<std::size_t>(rot)][static_cast<std::size_t>(cure)];
  }
};
// `end` is filled while it goes on.
void run(const RotSweep&, RotSweepEnd& end);

}  // namespace bowline::sim

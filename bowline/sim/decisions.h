// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "bowline/base/prng.h"
#include "bowline/base/time.h"

namespace bowline::sim {

// Who draws. Each part, and each node or link of it, has a stream of its own, so that one draw more
// in one place does not reshuffle all the others.
enum class Part : std::uint8_t { plan, link, disk, courier, transfer, node, calm };
struct Stream {
  Part part = Part::plan;
  std::uint8_t a = 0;
  std::uint8_t b = 0;
  friend constexpr auto operator<=>(Stream, Stream) = default;
};

// One choice that was made. 0 always means the calm one: no fault, the shortest, the first.
struct Draw {
  const char* what = "";
  std::uint64_t value = 0;
};

using Recording = std::map<Stream, std::vector<Draw>>;

class Decisions;

// A source of choices for one part of the world. Lives no longer than its Decisions.
class Chance {
 public:
  Chance(Decisions&, Stream);

  // Below `bound`, uniformly. Each is named, for those who read or shrink a recording.
  std::uint64_t below(const char* what, std::uint64_t bound);
  bool happens(const char* what, std::uint64_t ppm);  // with that many parts per million
  // Low values are as likely as high ones in the sense that each doubling is.
  std::uint64_t log_between(const char* what, std::uint64_t low, std::uint64_t high);
  Duration log_between(const char* what, Duration low, Duration high);
  Duration exponential(const char* what, Duration mean);
  std::uint64_t word(const char* what);

 private:
  std::uint64_t take(const char* what, std::uint64_t fresh);

  Decisions* decisions_;
  Prng prng_;
  std::vector<Draw>* strand_ = nullptr;  // null: neither recorded nor replayed
  std::size_t next_ = 0;
};

// All the choices of one history: from a seed, and recorded if somebody wants to look at them; or
// from a recording, which may have been edited. What an edited one lacks is calm.
class Decisions {
 public:
  enum class Mode : std::uint8_t { draw, record, replay };
  explicit Decisions(std::uint64_t seed, Mode mode = Mode::draw) : seed_(seed), mode_(mode) {}
  Decisions(std::uint64_t seed, Recording recording)
      : seed_(seed), mode_(Mode::replay), recording_(std::move(recording)) {}

  std::uint64_t seed() const { return seed_; }
  Mode mode() const { return mode_; }
  const Recording& recording() const { return recording_; }

 private:
  friend class Chance;
  std::uint64_t seed_;
  Mode mode_;
  Recording recording_;
};

}  // namespace bowline::sim

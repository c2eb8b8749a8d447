// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
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

// The draws of one kind in one stream. Kept apart by kind, so that a recording from which one kind
// was taken out, or that is replayed in milder weather, still means the same for all the others.
struct Strand {
  Stream stream;
  std::string what;  // "latency"
  friend auto operator<=>(const Strand&, const Strand&) = default;
};

// What was drawn, in order. 0 always means the calm choice: no fault, the shortest, the first.
using Recording = std::map<Strand, std::vector<std::uint64_t>>;

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

  struct Thread {                                       // of one strand
    const std::vector<std::uint64_t>* given = nullptr;  // to replay; null: nothing
    std::vector<std::uint64_t>* taken = nullptr;
  };
  Thread& thread(const char* what);

  Decisions* decisions_;
  Prng prng_;
  Stream stream_;
  std::map<std::string_view, Thread> threads_;  // by what they are about
};

// All the choices of one history: from a seed, and recorded if somebody wants to look at them; or
// from a recording, which may have been edited. What an edited one lacks is calm. What a replay
// takes of it is recorded as well.
class Decisions {
 public:
  enum class Mode : std::uint8_t { draw, record, replay };
  explicit Decisions(std::uint64_t seed, Mode mode = Mode::draw) : seed_(seed), mode_(mode) {}
  Decisions(std::uint64_t seed, Recording recording)
      : seed_(seed), mode_(Mode::replay), given_(std::move(recording)) {}

  std::uint64_t seed() const { return seed_; }
  Mode mode() const { return mode_; }
  const Recording& recording() const { return recording_; }

 private:
  friend class Chance;
  std::uint64_t seed_;
  Mode mode_;
  Recording given_;  // to replay
  Recording recording_;
};

}  // namespace bowline::sim

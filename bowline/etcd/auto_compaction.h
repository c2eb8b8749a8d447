// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "bowline/base/time.h"

namespace bowline::etcd {

struct AutoCompactionOptions {
  enum class Mode : std::uint8_t { off, periodic, revision };
  Mode mode = Mode::off;
  Duration period{0};          // periodic: what is older goes
  std::int64_t revisions = 0;  // revision: so many stay
  Duration revision_every = std::chrono::minutes(5);
};

// What is to be compacted without anybody asking for it, and when, as etcd does it. Each member
// keeps count, and only whoever leads says anything: so a new leader knows the past, too.
//
// Periodic: it looks ten times in a period, or in an hour if that is shorter, and takes note of the
// revision. Once a period is over, and from then on each hour or period, what was there a period
// ago is to go.
class AutoCompaction {
 public:
  explicit AutoCompaction(const AutoCompactionOptions&);

  bool is_on() const { return options_.mode != AutoCompactionOptions::Mode::off; }
  Duration every() const;  // between two looks
  // A look. The revision to compact now, if any; told() says what became of it.
  std::optional<std::int64_t> look(Time now, std::int64_t revision, bool leads);
  void told(Time now, std::int64_t revision);  // it is compacted, by us or somebody else

 private:
  std::optional<std::int64_t> look_periodic(Time now, std::int64_t revision, bool leads);

  AutoCompactionOptions options_;
  Duration wait_;                  // from one success to the next
  std::size_t most_seen_ = 0;      // looks in a period
  std::deque<std::int64_t> seen_;  // revisions, the oldest first
  std::optional<Time> done_;       // the last success, or the beginning
  std::int64_t compacted_ = 0;     // by then
};

}  // namespace bowline::etcd

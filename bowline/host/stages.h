// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "bowline/base/few.h"
#include "bowline/base/histogram.h"
#include "bowline/base/ids.h"
#include "bowline/base/time.h"
#include "bowline/raft/effect.h"

namespace bowline::host {

// How long the stages of a proposal take, in nanoseconds. Taken of a batch as a whole.
enum class Stage : std::uint8_t {
  queued,     // from the first call until the core has it
  durable,    // from there until its last entry is on this disk
  committed,  // from there, too, until a quorum has it
  applied,    // from then until the machine has applied its last entry
  whole,      // from the first call until the last answer
};
inline constexpr std::size_t stage_count = 5;
const char* word(Stage);

class Stages {
 public:
  void add(Stage stage, Duration took) {
    all_[static_cast<std::size_t>(stage)].add(static_cast<std::uint64_t>(took.count()));
  }
  const Histogram& of(Stage stage) const { return all_[static_cast<std::size_t>(stage)]; }

 private:
  std::array<Histogram, stage_count> all_;
};

// The batches of one replica that are on their way, and when they passed what. Takes nothing while
// there are none.
class Laps {
 public:
  explicit Laps(Stages& stages) : stages_(stages) {}

  void given(Ticket, std::uint64_t commands, Time asked, Time now);
  void admitted(const raft::Admitted&);
  void refused(Ticket ticket) { drop(ticket); }
  void decided(const raft::Decided&, Time now);
  void durable(Index through, Time now);
  void applied(Index through, Time reached, Time answered);
  void end() {
    open_.clear();
    first_ = 0;
  }
  bool empty() const { return open_.empty(); }

 private:
  struct Lap {
    Ticket ticket;
    std::uint64_t commands = 0;
    Index last;  // 0: not admitted yet
    Time asked, given, committed;
    bool is_durable = false;
    bool is_committed = false;
    bool is_applied = false;
  };
  Lap* find(Ticket);
  void drop(Ticket);
  void drop_finished();

  Stages& stages_;
  Few<Lap> open_;          // by ticket, and so by where they end
  std::size_t first_ = 0;  // those before it are over
};

}  // namespace bowline::host

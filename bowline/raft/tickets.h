// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "bowline/base/few.h"
#include "bowline/base/ids.h"
#include "bowline/raft/effect.h"
#include "bowline/raft/outline.h"

namespace bowline::raft {

// The requests of local clients that went into the log and are not decided. An entry's fate is
// known when its index is committed, with its term or with another; not when it is cut: whoever
// overruled it may fail before a quorum has seen that, and a member that still has the entry may
// lead next and commit it after all.
class Tickets {
 public:
  // For a batch of `entries` that ends with `last`; decided when `last` is.
  void admit(Ticket, LogId last, std::uint64_t entries = 1);
  bool empty() const { return waiting_.empty(); }

  // Each appends the last word on the tickets that it decides. `log` tells what was committed.
  void committed(Index through, const Outline& log, Effects&);
  void give_up(Effects&);                           // unknown, all of them
  void give_up_lost(const Outline& log, Effects&);  // those whose entries were cut

 private:
  friend class Abstraction;

  struct Waiting {
    Ticket ticket;
    LogId last;
    std::uint64_t entries = 1;
  };
  static Outcome fate(const Waiting&, const Outline&);

  Few<Waiting> waiting_;  // in the order in which they were admitted
};

}  // namespace bowline::raft

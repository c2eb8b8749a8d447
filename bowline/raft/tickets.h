// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/raft/effect.h"

namespace bowline::raft {

// The requests of local clients that are in the log and not decided. An entry's fate is known when
// its index is committed (with its term, or with another), or when it is cut.
class Tickets {
 public:
  void admit(Ticket, LogId last);  // decided when `last` is
  bool empty() const { return waiting_.empty(); }

  // Each appends the last word on the tickets that it decides.
  void committed(Index through, Effects&);
  void cut_after(Index keep, Effects&);
  void give_up(Effects&);  // unknown, all of them

 private:
  struct Waiting {
    Ticket ticket;
    LogId last;
  };
  std::vector<Waiting> waiting_;  // by rising index
};

}  // namespace bowline::raft

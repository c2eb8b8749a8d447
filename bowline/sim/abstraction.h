// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "bowline/raft/core.h"

// A friend of the core, and so of its namespace; but nothing of the protocol needs it.
namespace bowline::raft {

// A core without its clocks, for a model checker that lets any timer fire at any time. Two cores
// with the same digest do the same from here on, but for the times at which they want to be woken.
class Abstraction {
 public:
  // Of all that decides what this core will do. Left out: moments, dice, and what only weighs
  // (bytes, drops). Writes are counted from the newest, since their numbers mean nothing.
  // What a leader knows of the rounds that were answered decides about reads, handovers and members
  // that leave, and about nothing else.
  enum class Answers : std::uint8_t { matter, do_not };
  static std::uint64_t digest(const Core&, Answers = Answers::matter);

  // As if whatever is waited for had begun just now, and what has lapsed stayed so. The clock of
  // this core is 0 again; it wants to be woken after a timeout, in which any protection lapses.
  static void forget_times(Core&);

 private:
  class Sum;
};

}  // namespace bowline::raft

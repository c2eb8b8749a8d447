// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <string>

#include "bowline/sim/history_edits.h"
#include "bowline/sim/recorded.h"

namespace bowline::sim {

// Lives through a history, and says what it drew if that is wanted. Ours to give, so that who
// expects the worst can do it in a process of its own.
using Trial = std::function<Verdict(const Recorded&, bool with_draws)>;

struct ShrinkLimits {
  std::size_t most_runs = 4000;
  std::function<bool()> enough;                  // time is up
  std::function<void(const std::string&)> tell;  // how far it is
};

struct Shrunk {
  Recorded history;  // as small as it got; with what it breaks and its hash
  Verdict before;    // without an invariant: nothing was broken, and nothing was done
  Verdict after;
  Size size_before;
  Size size_after;
  std::size_t runs = 0;
  bool stopped = false;  // by the limits; more effort might find a smaller one
};

// Makes a history that breaks a promise as small as it can: shorter, with fewer troubles, requests
// and nodes, on calmer links and disks, with draws that are plain; as long as the same promise is
// broken in the same way. Starts from the recorded decisions, so what is left of them stays what it
// was when others are taken away. What is left is a history that could have been drawn, or milder,
// and a person should be able to read it.
Shrunk shrink(Recorded, const Trial&, const ShrinkLimits&);

}  // namespace bowline::sim

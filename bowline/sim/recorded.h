// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "bowline/base/mutant.h"
#include "bowline/sim/decisions.h"
#include "bowline/sim/history.h"
#include "bowline/sim/plan.h"
#include "bowline/sim/witness.h"

namespace bowline::sim {

// A history that can be lived through again: its plan, and all that was drawn beside it. Unlike a
// seed it means the same after a change of what is drawn from seeds, and each of its parts can be
// taken away.
struct Recorded {
  Plan plan;
  Bug bug = Bug::none;             // that is planted in it
  std::optional<Recording> draws;  // none: they follow from the seed
  Violation breaks;                // what it leads to
  std::uint64_t hash = 0;          // of all that happened; 0: nobody knows
};

// What a history led to.
struct Verdict {
  Violation violation;  // the first; without an invariant: nothing was broken
  Time at;
  std::uint64_t hash = 0;
  std::uint64_t events = 0;
  std::optional<Recording> draws;  // if somebody wanted to know them

  bool broken() const { return !violation.invariant.empty(); }
};

// The history of a seed, before anything of it is left out.
Recorded recorded(std::uint64_t seed, const Settings&, Bug = Bug::none);

// Of a recording what it says; else from the seed, to be recorded.
Decisions decisions_of(const Recorded&);

// Lives through it. Its bug is planted, in builds that have bugs to plant.
Verdict judge(const Recorded&, const Onlookers& = {});
Verdict verdict_of(const History&);

// Empty if a world can be made of it and owes us what the witnesses ask for; else a sentence.
std::string fault(const Plan&);
std::string fault(const Climate&);
std::string fault(const Episode&);
std::string fault(const Operation&);

// The same promise, broken in the same way: other numbers do not matter.
bool alike(const Violation&, const Violation&);

}  // namespace bowline::sim

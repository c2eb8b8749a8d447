// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bowline/base/mutant.h"

namespace bowline::sim {

// One of the bugs that we plant, as `./dev mutants` prints it.
struct Mutant {
  Bug bug = Bug::none;
  std::string_view what;      // in words
  std::string_view expected;  // which invariants ought to see it
};

// All of them, by rising number; the canary, which nobody can miss, is the last.
std::span<const Mutant> mutants();

// "P07"
std::string number_of(Bug);
// By "P07", "p07" or "7". Empty: there is no such bug.
std::optional<Mutant> find_mutant(std::string_view number);

}  // namespace bowline::sim

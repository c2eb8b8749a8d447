// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include <CLI/CLI.hpp>

#include "bowline/sim/exhaustive.h"

namespace bowline::apps {

// The verb `exhaustive`: three nodes, and every behaviour within bounds.
struct ExhaustiveArguments {
  std::string pre_vote = "both";
  std::string start = "both";
  std::string plant;
  std::string json;
  unsigned entries = 2;
  unsigned crashes = 1;
  unsigned terms = 2;
  unsigned timers = 2;
  unsigned rounds = 1;
  std::uint32_t states = 60'000'000;
  bool exact = false;
};

CLI::App* declare_exhaustive(CLI::App& app, ExhaustiveArguments& arguments);
int run_exhaustive(const ExhaustiveArguments& arguments);

// One search, and what it came to.
struct Searched {
  sim::small::Limits limits;
  sim::small::Report report;
  bool pooled = false;
  double seconds = 0;
};

Searched search(const sim::small::Limits&, bool exact);
void tell(const Searched&);

}  // namespace bowline::apps

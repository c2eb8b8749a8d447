// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "bowline/sim/shrink.h"

namespace bowline::apps {

// How much may be spent on making one history small.
struct Patience {
  std::size_t runs = 20'000;
  double seconds = 120;  // by the clock on the wall
};

// The verb `shrink`.
struct ShrinkArguments {
  std::string program;  // as it was called, for the command that it prints
  std::uint64_t seed = 0;
  std::string plant;            // empty: no bug
  std::string world = "cores";  // unless the bug lives in the other one
  sim::Settings settings;
  std::uint32_t seconds = 60;  // of weather, in virtual time
  Patience patience;
  std::string out;  // empty: a name after the seed, in `folder`
  std::string folder;
};
CLI::App* declare_shrink(CLI::App&, ShrinkArguments&);

// Shrinks what a seed breaks, writes it to a file, and prints the story and how to replay it.
// Returns the exit code: 0 if there is a file, 1 if the seed breaks nothing.
int run_shrink(ShrinkArguments&);

}  // namespace bowline::apps

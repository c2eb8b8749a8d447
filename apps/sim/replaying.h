// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>

#include <CLI/CLI.hpp>

#include "bowline/sim/recorded.h"
#include "bowline/sim/story.h"

namespace bowline::apps {

// The verb `replay`.
struct ReplayArguments {
  std::string file;
  bool story = false;  // all of it
  bool brief = false;
  std::size_t last = 0;
  double around = -1;
};
CLI::App* declare_replay(CLI::App&, ReplayArguments&);

// Lives through the history of a file again. Returns the exit code: 0 if nothing was broken, 1 if
// something was, 2 if the file makes no sense.
int run_replay(const ReplayArguments&);

// What a person should know of a small history: all of it, or if that is too long, what changes
// roles, terms and disks, and each of the last steps.
void tell_short_story(const sim::Recorded&);

// Was this program built with bugs to plant?
constexpr bool can_plant() {
#ifdef BOWLINE_MUTANTS
  return true;
#else
  return false;
#endif
}

}  // namespace bowline::apps

// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/exhaustive_hunt.h"

#include <cstdint>
#include <cstdio>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "apps/sim/exhaustive.h"
#include "bowline/base/mutant.h"
#include "bowline/sim/mutants.h"

namespace bowline::apps {
namespace {

using sim::small::Limits;
using sim::small::Start;

struct Step {
  std::uint8_t terms;
  std::uint8_t entries;
  std::uint8_t crashes;
};

// From the smallest world to the largest, so that what can be shown in a small one is.
std::vector<Limits> growing() {
  constexpr Step steps[] = {{1, 0, 0}, {1, 1, 0}, {2, 0, 0}, {2, 0, 1}, {2, 1, 0}, {2, 1, 1}};
  std::vector<Limits> all;
  for (const Step& step : steps)
    for (const Start start : {Start::fresh, Start::split})
      for (const bool pre_vote : {false, true}) {
        Limits limits;
        limits.start = start;
        limits.pre_vote = pre_vote;
        // After the split two terms are over.
        limits.terms = static_cast<std::uint8_t>(step.terms + (start == Start::split ? 2 : 0));
        limits.entries = step.entries;
        limits.crashes = step.crashes;
        limits.states = 20'000'000;
        all.push_back(limits);
      }
  return all;
}

bool found(const sim::Mutant& mutant) {
  the_planted_bug = mutant.bug;
  std::uint64_t states = 0;
  double seconds = 0;
  bool dead = false;
  const std::string name = sim::number_of(mutant.bug);
  for (const Limits& limits : growing()) {
    const Searched done = search(limits, false);
    states += done.report.states;
    seconds += done.seconds;
    dead = !done.report.broken.empty() && !done.pooled;
    if (!dead) continue;
    std::printf("%s, planted: %s\n", name.c_str(), std::string(mutant.what).c_str());
    tell(done);
    break;
  }
  the_planted_bug = Bug::none;
  std::printf("%s: %s, %llu states or cells in all, %.1f s\n\n", name.c_str(),
              dead ? "found" : "NOT FOUND", static_cast<unsigned long long>(states), seconds);
  std::fflush(stdout);
  return dead;
}

}  // namespace

CLI::App* declare_exhaustive_hunt(CLI::App& app) {
  return app.add_subcommand("exhaustive-hunt",
                            "Plant bugs, and let the exhaustive search find each by itself");
}

int run_exhaustive_hunt() {
  unsigned dead = 0;
  constexpr const char* bugs[] = {"P02", "P06", "P07", "P08", "P14"};
  for (const char* bug : bugs) {
    const std::optional<sim::Mutant> mutant = sim::find_mutant(bug);
    if (mutant && found(*mutant)) ++dead;
  }
  const bool all = dead == std::size(bugs);
  std::printf("exhaustive-hunt: %s, %u of %zu planted bugs found\n", all ? "ok" : "FAILED", dead,
              std::size(bugs));
  return all ? 0 : 1;
}

}  // namespace bowline::apps

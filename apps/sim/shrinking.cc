// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/shrinking.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <utility>

#include "apps/bowline/numbers.h"
#include "apps/sim/apart.h"
#include "apps/sim/exit_code.h"
#include "apps/sim/replaying.h"
#include "apps/sim/wide.h"
#include "bowline/sim/history_file.h"
#include "bowline/sim/mutants.h"

namespace bowline::apps {
namespace {

double in_seconds(Time time) { return std::chrono::duration<double>(time.since_start).count(); }

sim::Shrunk shrink_within(sim::Recorded history, const Patience& patience) {
  using SteadyClock = std::chrono::steady_clock;
  const auto began = SteadyClock::now();
  const auto passed = [began] {
    return std::chrono::duration<double>(SteadyClock::now() - began).count();
  };
  sim::ShrinkLimits limits{.most_runs = patience.runs, .enough = {}, .tell = {}};
  limits.enough = [&] { return passed() > patience.seconds; };
  limits.tell = [&](const std::string& how_far) {
    std::fprintf(stderr, "  %5.1f s  %s\n", passed(), how_far.c_str());
  };
  return sim::shrink(std::move(history), judge_apart, limits);
}

void print_row(const char* what, std::uint64_t before, std::uint64_t after) {
  std::printf("  %-16s %10llu %10llu\n", what, wide(before), wide(after));
}

void print_sizes(const sim::Shrunk& shrunk) {
  const sim::Size& before = shrunk.size_before;
  const sim::Size& after = shrunk.size_after;
  std::printf("  %-16s %10s %10s\n", "", "before", "after");
  print_row("nodes", before.nodes, after.nodes);
  print_row("troubles", before.troubles, after.troubles);
  print_row("operations", before.operations, after.operations);
  print_row("draws not calm", before.draws, after.draws);
  print_row("events", shrunk.before.events, shrunk.after.events);
  std::printf("  %-16s %10.3f %10.3f\n", "virtual seconds", in_seconds(shrunk.before.at),
              in_seconds(shrunk.after.at));
  std::printf("  (%zu runs%s)\n\n", shrunk.runs,
              shrunk.stopped ? "; more might make it smaller: --runs, --effort" : "");
}

std::string file_of(const ShrinkArguments& arguments, Bug bug) {
  if (!arguments.out.empty()) return arguments.out;
  const std::string name = "seed-" + std::to_string(arguments.seed) + ".history";
  const std::string folder = arguments.folder.empty() ? "" : arguments.folder + "/";
  return folder + (bug == Bug::none ? "" : sim::number_of(bug) + "-") + name;
}

bool save_history(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file.good()) std::fprintf(stderr, "cannot write %s\n", path.c_str());
  return file.good();
}

std::optional<Bug> bug_of(const std::string& plant) {
  if (plant.empty()) return Bug::none;
  if (!can_plant()) {
    std::fprintf(stderr, "only bowline-sim-mutants has bugs to plant\n");
    return std::nullopt;
  }
  const auto mutant = sim::find_mutant(plant);
  if (mutant) return mutant->bug;
  std::fprintf(stderr, "there is no bug %s to plant\n", plant.c_str());
  return std::nullopt;
}

}  // namespace

CLI::App* declare_shrink(CLI::App& app, ShrinkArguments& arguments) {
  CLI::App* verb = app.add_subcommand("shrink", "Make what a seed breaks as small as it can be");
  verb->add_option("--seed", arguments.seed, "The seed")->required()->check(at_least(1));
  if (can_plant()) verb->add_option("--plant", arguments.plant, "With this bug, as in P04");
  verb->add_option("--world", arguments.world, "As it was run")
      ->check(CLI::IsMember({"cores", "nodes", "kv"}));
  verb->add_option("--nodes", arguments.settings.nodes, "As it was run")->check(CLI::Range(1, 9));
  verb->add_option("--seconds", arguments.seconds, "As it was run")->check(CLI::Range(1, 100'000));
  verb->add_option("--runs", arguments.patience.runs, "Try at most so often");
  verb->add_option("--effort", arguments.patience.seconds, "Try for at most so many seconds");
  verb->add_option("--out", arguments.out, "The file to write; else it is named after the seed");
  return verb;
}

int run_shrink(ShrinkArguments& arguments) {
  const std::optional<Bug> bug = bug_of(arguments.plant);
  if (!bug) return bad_usage;
  const auto mutant = sim::find_mutant(arguments.plant);
  arguments.settings.whole =
      arguments.world == "nodes" || (mutant && mutant->ground == sim::Ground::nodes);
  arguments.settings.kv = arguments.world == "kv" || (mutant && mutant->ground == sim::Ground::kv);
  arguments.settings.weather = std::chrono::seconds(arguments.seconds);
  const std::string planted = *bug == Bug::none ? "" : " with " + sim::number_of(*bug);
  const sim::Shrunk shrunk =
      shrink_within(sim::recorded(arguments.seed, arguments.settings, *bug), arguments.patience);
  if (!shrunk.before.broken()) {
    std::printf("seed %llu%s breaks nothing\n", wide(arguments.seed), planted.c_str());
    return 1;
  }
  const sim::Violation& seen = shrunk.before.violation;
  std::printf("seed %llu%s breaks %s: %s\n\n", wide(arguments.seed), planted.c_str(),
              seen.invariant.c_str(), seen.what.c_str());
  print_sizes(shrunk);
  const std::string file = file_of(arguments, *bug);
  const std::string command = arguments.program + " replay " + file;
  if (!save_history(file, sim::text(shrunk.history))) return bad_usage;
  tell_short_story(shrunk.history);
  std::printf("\nto see it again: %s\n", command.c_str());
  return 0;
}

}  // namespace bowline::apps

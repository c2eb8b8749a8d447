// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/sweeps.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "apps/bowline/numbers.h"
#include "apps/sim/exit_code.h"
#include "apps/sim/wide.h"
#include "bowline/sim/crash_sweep.h"
#include "bowline/sim/power_trial.h"
#include "bowline/sim/rot_sweep.h"

namespace bowline::apps {
namespace {

constexpr double tell_every = 10;  // seconds

// What there is to say of a sweep, in the order in which it is said.
using Figures = std::vector<std::pair<const char*, std::uint64_t>>;

std::string in_words(const Figures& figures) {
  std::string text;
  for (const auto& [what, count] : figures)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  return text;
}

class Watch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }
  // A line now and then.
  void tick(const std::function<Figures()>& figures) {
    if (seconds() < next_) return;
    next_ = seconds() + tell_every;
    std::printf("%6.0f s  %s\n", seconds(), in_words(figures()).c_str());
    std::fflush(stdout);
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double next_ = tell_every;
};

struct Done {
  std::string name;
  std::string wrong;  // empty: nothing
  std::string again;  // the command that shows it
  Figures figures;
  double seconds = 0;
};

bool read_shard(const std::string& text, sim::SweepPart& part) {
  if (text.empty()) return true;
  unsigned long long i = 0;
  unsigned long long n = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%llu/%llu%c", &i, &n, &rest) != 2 || i < 1 || i > n) return false;
  part.part = i;
  part.parts = n;
  return true;
}

Figures figures_of(const sim::CrashSweepEnd& end) {
  return {{"points", end.points},
          {"states", end.states + end.groups + end.lone},
          {"of one log", end.states},
          {"with a torn end", end.torn},
          {"with a mended block", end.mended},
          {"crash loops", end.loops},
          {"crashes in them", end.recrashes},
          {"power failures of all", end.groups},
          {"of one among others", end.lone}};
}

Done crash(const SweepArguments& arguments, std::uint64_t nodes, sim::SweepPart part) {
  Watch watch;
  sim::CrashSweepEnd end;
  part.ticks = [&] { watch.tick([&] { return figures_of(end); }); };
  sim::run({.nodes = nodes, .subsets = arguments.subsets, .part = part}, end);
  return {
      .name = "crash, nodes " + std::to_string(nodes),
      .wrong = end.wrong.empty() ? "" : end.wrong + " (subset " + std::to_string(end.subset) + ")",
      .again = "bowline-sim sweep crash --nodes " + std::to_string(nodes) + " --seed " +
               std::to_string(part.seed) + " --subsets " + std::to_string(arguments.subsets) +
               " --only " + std::to_string(end.at),
      .figures = figures_of(end),
      .seconds = watch.seconds()};
}

Figures figures_of(const sim::RotSweepEnd& end) {
  return {{"bytes", end.bytes},
          {"flips of covered bytes", end.covered},
          {"of these detected", end.detected},
          {"flips of bytes that nothing covers", end.bare},
          {"flips met by a read", end.late}};
}

// What came of each kind.
void tell_cures(const sim::RotSweepEnd& end) {
  std::printf("  %-30s %9s %9s %9s %9s %9s\n", "what was damaged", "unhurt", "mended", "entries",
              "snapshot", "refused");
  for (std::size_t i = 0; i < sim::rots; ++i) {
    const auto rot = static_cast<sim::Harm>(i);
    std::printf("  %-30s", sim::name(rot));
    for (const std::uint64_t count : end.cured[i]) std::printf(" %9llu", wide(count));
    std::printf("\n");
  }
  for (const auto& [why, count] : end.refusals)
    std::printf("  refused %llu: %s\n", wide(count), why.c_str());
}

Done rot(const SweepArguments& arguments, sim::SweepPart part) {
  Watch watch;
  sim::RotSweepEnd end;
  part.ticks = [&] { watch.tick([&] { return figures_of(end); }); };
  sim::RotSweep sweep{.part = part};
  if (arguments.large != 0) sweep.each_large = arguments.large;
  sim::run(sweep, end);
  tell_cures(end);
  return {.name = "rot",
          .wrong = end.wrong.empty() ? "" : end.wrong + " (" + sim::name(end.kind) + ")",
          .again = "bowline-sim sweep rot --seed " + std::to_string(part.seed) + " --only " +
                   std::to_string(end.at),
          .figures = figures_of(end),
          .seconds = watch.seconds()};
}

Figures figures_of(const sim::PowerTrialEnd& end) {
  return {{"power failures of all nodes", end.failures},
          {"groups", end.groups},
          {"acknowledged entries", end.acknowledged},
          {"starts with a torn end", end.torn},
          {"bits flipped", end.flips},
          {"processes stopped by a failed write", end.stopped}};
}

Done power(const SweepArguments& arguments, sim::SweepPart part) {
  Watch watch;
  sim::PowerTrialEnd end;
  const std::uint64_t nodes = arguments.nodes == 0 ? 3 : arguments.nodes;
  part.ticks = [&] { watch.tick([&] { return figures_of(end); }); };
  sim::run(
      {.nodes = nodes, .failures = arguments.failures, .mishaps = arguments.mishaps, .part = part},
      end);
  return {.name = "power, nodes " + std::to_string(nodes),
          .wrong = end.wrong,
          .again = "bowline-sim sweep power --nodes " + std::to_string(nodes) + " --seed " +
                   std::to_string(part.seed) + (arguments.mishaps ? " --mishaps" : "") +
                   " --only " + std::to_string(end.at),
          .figures = figures_of(end),
          .seconds = watch.seconds()};
}

void tell(const Done& done) {
  std::printf("%s: %s: %s, in %.0f s\n", done.wrong.empty() ? "passed" : "FAILED",
              done.name.c_str(), in_words(done.figures).c_str(), done.seconds);
  if (!done.wrong.empty())
    std::printf("  %s\n  again: %s\n", done.wrong.c_str(), done.again.c_str());
  std::fflush(stdout);
}

std::string json(const std::vector<Done>& all) {
  std::string text = "{\"sweeps\": [";
  for (std::size_t i = 0; i < all.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::string("{\"name\": \"") + all[i].name +
            "\", \"passed\": " + (all[i].wrong.empty() ? "true" : "false");
    for (const auto& [what, count] : all[i].figures)
      text += ", \"" + std::string(what) + "\": " + std::to_string(count);
    text += ", \"seconds\": " + std::to_string(all[i].seconds) + "}";
  }
  return text + "]}\n";
}

}  // namespace

CLI::App* declare_sweeps(CLI::App& app, SweepArguments& arguments) {
  CLI::App* verb = app.add_subcommand(
      "sweep", "The log on disk: a fault at every step of a workload, not at random ones");
  verb->add_option("kind", arguments.kind, "crash, rot or power")
      ->required()
      ->check(CLI::IsMember({"crash", "rot", "power"}));
  verb->add_option("--nodes", arguments.nodes, "Only with so many nodes")
      ->check(CLI::IsMember({1, 3}));
  verb->add_option("--shard", arguments.shard, "I/N: the I-th of N equal parts");
  verb->add_option("--limit", arguments.limit, "So many points or places at most, evenly spread");
  verb->add_option("--only", arguments.only, "Only this point or place");
  verb->add_option("--subsets", arguments.subsets, "Ways to lose what was not synced, per point")
      ->check(at_least(1));
  verb->add_option("--large", arguments.large, "Of each kind of larger rot so many");
  verb->add_option("--seed", arguments.seed, "Of the workload")->check(at_least(1));
  verb->add_option("--failures", arguments.failures, "How often the power fails")
      ->check(at_least(1));
  verb->add_flag("--mishaps", arguments.mishaps,
                 "With power: now and then a write fails, or a bit flips");
  verb->add_option("--json", arguments.json, "Write the results for programs");
  return verb;
}

int run_sweeps(const SweepArguments& arguments) {
  sim::SweepPart part{
      .limit = arguments.limit, .only = arguments.only, .seed = arguments.seed, .ticks = {}};
  if (!read_shard(arguments.shard, part)) {
    std::fprintf(stderr, "bowline-sim: --shard wants I/N with 1 <= I <= N, as in 2/8\n");
    return bad_usage;
  }
  std::vector<Done> all;
  const auto take = [&](Done done) {
    tell(done);
    all.push_back(std::move(done));
  };
  if (arguments.kind == "crash") {
    if (arguments.nodes != 3) take(crash(arguments, 1, part));
    if (arguments.nodes != 1) take(crash(arguments, 3, part));
  }
  if (arguments.kind == "rot") take(rot(arguments, part));
  if (arguments.kind == "power") take(power(arguments, part));
  bool good = true;
  for (const Done& done : all) good = good && done.wrong.empty();
  if (!arguments.json.empty()) {
    std::ofstream file(arguments.json);
    file << json(all);
    good = good && file.good();
  }
  return good ? 0 : 1;
}

}  // namespace bowline::apps

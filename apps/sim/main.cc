// SPDX-License-Identifier: Apache-2.0
// bowline-sim: runs the simulated world with many seeds, and says what broke.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>

#include "apps/bowline/numbers.h"
#include "apps/sim/campaign.h"
#include "apps/sim/exhaustive.h"
#include "apps/sim/exit_code.h"
#include "apps/sim/kv_play.h"
#include "apps/sim/replaying.h"
#include "apps/sim/report.h"
#include "apps/sim/shrinking.h"
#include "apps/sim/sweeps.h"
#include "apps/sim/tell.h"
#include "apps/sim/topologies.h"

namespace bowline::apps {
namespace {

constexpr int not_there = 3;

struct Arguments {
  std::string world = "cores";
  std::string shard;
  std::string json;
  std::string hashes;
  std::uint64_t seeds = 100;
  std::uint64_t from = 1;
  std::uint64_t seed = 0;
  std::uint64_t failures = 3;
  std::uint32_t nodes = 0;
  std::uint32_t seconds = 60;
  unsigned processes = 0;
  bool once = false;
  bool story = false;
  bool brief = false;
  std::size_t last = 150;
  double around = -1;
  bool verbose = false;
  bool no_shrink = false;
  std::string program;  // as it was called
};

void declare(CLI::App& app, Arguments& arguments) {
  CLI::App* run = app.add_subcommand("run", "Run seeds, and say what broke");
  run->add_option("--world", arguments.world, "What is simulated: cores, nodes or kv");
  run->add_option("--seeds", arguments.seeds, "How many seeds")->check(at_least(1));
  run->add_option("--from", arguments.from, "The first of them")->check(at_least(1));
  run->add_option("--seed", arguments.seed, "Only this one")->check(at_least(1));
  run->add_option("--shard", arguments.shard, "I/N: the I-th of N equal parts of the seeds");
  run->add_option("--nodes", arguments.nodes, "How many members; drawn if not given")
      ->check(CLI::Range(1, 9));
  run->add_option("--seconds", arguments.seconds, "How long the weather is bad, in virtual time")
      ->check(CLI::Range(1, 100'000));
  run->add_option("--processes", arguments.processes, "How many at once; one for each CPU else");
  run->add_option("--failures", arguments.failures, "Stop after so many")->check(at_least(1));
  run->add_option("--json", arguments.json, "Write the results for programs");
  run->add_option("--hashes", arguments.hashes, "Write a line for each seed: seed and hash");
  run->add_flag("--once", arguments.once, "Do not run each seed twice to compare");
  run->add_flag("--story", arguments.story, "Tell what happened in the seed, step by step");
  run->add_option("--last", arguments.last, "How many lines of the story; 0: all of it");
  run->add_option("--around", arguments.around, "The story half a second around this second");
  run->add_flag("--brief", arguments.brief, "Only roles, terms and disks in the story");
  run->add_flag("--verbose", arguments.verbose, "A line for each seed");
  run->add_flag("--no-shrink", arguments.no_shrink, "Do not make the first failure small");
  app.require_subcommand(1);
}

// The I-th of N parts takes every N-th seed, so that all parts are alike.
bool take_shard(const std::string& shard, Work& work) {
  unsigned long long part = 0;
  unsigned long long parts = 0;
  char rest = 0;
  if (std::sscanf(shard.c_str(), "%llu/%llu%c", &part, &parts, &rest) != 2) return false;
  if (part < 1 || part > parts) return false;
  work.first += part - 1;
  work.stride = parts;
  work.count = work.count < part ? 0 : (work.count - part) / parts + 1;
  return true;
}

bool save(const std::string& path, const std::string& text) {
  if (path.empty()) return true;
  std::ofstream file(path);
  file << text;
  if (file.good()) return true;
  std::fprintf(stderr, "bowline-sim: cannot write %s\n", path.c_str());
  return false;
}

std::string lines_of(Tally& tally) {
  std::ranges::sort(tally.hashes);
  std::string text;
  char line[64];
  for (const auto& [seed, hash] : tally.hashes) {
    std::snprintf(line, sizeof line, "%llu %016llx\n", static_cast<unsigned long long>(seed),
                  static_cast<unsigned long long>(hash));
    text += line;
  }
  return text;
}

int tell_story(const Arguments& arguments, const Work& work) {
  sim::StoryRange range;
  range.last = arguments.last;
  range.brief = arguments.brief;
  if (arguments.around >= 0) {
    range.last = 0;
    range.around = Time{Duration(static_cast<std::int64_t>(arguments.around * 1e9))};
  }
  return tell(work.first, work.settings, range);
}

// What a person wants to see of a failure is the least that still fails.
void shrink_first(const Tally& tally, const Arguments& arguments, const Work& work) {
  if (tally.failures.empty() || arguments.no_shrink) return;
  ShrinkArguments shrinking{.program = arguments.program,
                            .seed = tally.failures.front().seed,
                            .plant = {},
                            .settings = work.settings,
                            .seconds = arguments.seconds,
                            .patience = {.runs = 5000, .seconds = 60},
                            .out = {},
                            .folder = {}};
  run_shrink(shrinking);
  std::printf("\n");
}

int run(const Arguments& arguments) {
  if (arguments.world != "cores" && arguments.world != "nodes" && arguments.world != "kv") {
    std::fprintf(stderr, "bowline-sim: there is no world '%s': there are cores, nodes and kv\n",
                 arguments.world.c_str());
    return not_there;
  }
  Work work{.first = arguments.from, .count = arguments.seeds, .twice = !arguments.once};
  if (arguments.seed != 0) {
    work.first = arguments.seed;
    work.count = 1;
  }
  work.settings.nodes = arguments.nodes;
  work.settings.weather = std::chrono::seconds(arguments.seconds);
  work.settings.whole = arguments.world == "nodes";
  work.settings.kv = arguments.world == "kv";
  if (!arguments.shard.empty() && !take_shard(arguments.shard, work)) {
    std::fprintf(stderr, "bowline-sim: --shard wants I/N with 1 <= I <= N, as in 2/8\n");
    return bad_usage;
  }
  if (arguments.story) return tell_story(arguments, work);
  Effort effort{.processes = arguments.processes, .enough_failures = arguments.failures};
  if (effort.processes == 0) effort.processes = std::max(1U, std::thread::hardware_concurrency());
  Tally tally = run_campaign(work, effort);
  shrink_first(tally, arguments, work);
  const Titles titles{.world = arguments.world};
  if (arguments.verbose) std::fputs(lines_of(tally).c_str(), stdout);
  std::fputs(report(tally, titles).c_str(), stdout);
  const bool saved =
      save(arguments.json, json(tally, titles)) && save(arguments.hashes, lines_of(tally));
  return passed(tally) && saved ? 0 : 1;
}

}  // namespace
}  // namespace bowline::apps

int main(int argc, char** argv) {
  CLI::App app{"A world of Raft replicas in which everything that can fail does, as a seed says"};
  bowline::apps::Arguments arguments;
  arguments.program = argv[0];
  bowline::apps::enter_kv();
  bowline::apps::declare(app, arguments);
  bowline::apps::TopologyArguments topologies;
  const CLI::App* verb = bowline::apps::declare_topologies(app, topologies);
  bowline::apps::ExhaustiveArguments exhaustive;
  const CLI::App* search = bowline::apps::declare_exhaustive(app, exhaustive);
  bowline::apps::ReplayArguments replaying;
  const CLI::App* replay = bowline::apps::declare_replay(app, replaying);
  bowline::apps::ShrinkArguments shrinking{.program = argv[0]};
  const CLI::App* shrink = bowline::apps::declare_shrink(app, shrinking);
  bowline::apps::SweepArguments sweeping;
  const CLI::App* sweep = bowline::apps::declare_sweeps(app, sweeping);
  CLI11_PARSE(app, argc, argv);
  if (search->parsed()) return bowline::apps::run_exhaustive(exhaustive);
  if (replay->parsed()) return bowline::apps::run_replay(replaying);
  if (shrink->parsed()) return bowline::apps::run_shrink(shrinking);
  if (sweep->parsed()) return bowline::apps::run_sweeps(sweeping);
  if (verb->parsed()) return bowline::apps::run_topologies(topologies);
  return bowline::apps::run(arguments);
}

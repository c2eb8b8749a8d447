// SPDX-License-Identifier: Apache-2.0
// bowline-sim-mutants: plants one bug after the other, and says which witness found it, and how
// soon. A simulator that finds nothing proves nothing; this shows what it finds.
#include "bowline/sim/mutants.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/sim/exhaustive.h"
#include "apps/sim/exhaustive_hunt.h"
#include "apps/sim/exit_code.h"
#include "apps/sim/kv_play.h"
#include "apps/sim/replaying.h"
#include "apps/sim/shrinking.h"
#include "apps/sim/trial.h"

namespace bowline::apps {
namespace {

struct Arguments {
  std::string json;
  std::string shard;
  std::vector<std::string> only;
  std::string group;  // empty: all
  std::string world;  // to look for them in; empty: each has one
  Hunt hunt;
  std::uint64_t clean = 0;  // seeds without a bug; 0: as many as the longest hunt took
  bool cheap = false;
  bool verbose = false;
};

struct Line {
  sim::Mutant mutant;
  Trial trial;
};

void declare(CLI::App& app, Arguments& arguments) {
  Hunt& hunt = arguments.hunt;
  app.add_option("--only", arguments.only, "These bugs, as in P07");
  app.add_option("--group", arguments.group,
                 "Only those of the world, of whole nodes, of the map, or of the log")
      ->check(CLI::IsMember({"world", "nodes", "kv", "log"}));
  app.add_option("--world", arguments.world, "Look for them in this world, not in their own")
      ->check(CLI::IsMember({"world", "nodes", "kv"}));
  app.add_option("--shard", arguments.shard, "I/N: the I-th of N equal parts of the bugs");
  app.add_option("--seeds", hunt.seeds, "At most so many seeds for each bug");
  app.add_option("--budget", hunt.cpu_seconds, "At most so many CPU seconds for each bug");
  app.add_option("--kills", hunt.kills, "So many seeds must find it");
  app.add_option("--processes", hunt.processes, "How many at once; one for each CPU else");
  app.add_option("--clean", arguments.clean, "So many seeds without a bug, which must all pass");
  app.add_option("--json", arguments.json, "Write the table for programs");
  app.add_flag("--cheap", arguments.cheap, "One kill each and a small budget: for each commit");
  app.add_flag("--verbose", arguments.verbose, "What was seen, for each kill");
}

bool killed(const Line& line, const Hunt& hunt) { return line.trial.kills.size() >= hunt.kills; }

std::string killers(const Trial& trial) {
  std::string text;
  for (const auto& [invariant, count] : trial.invariants) {
    if (!text.empty()) text += ' ';
    text += invariant;
    if (count > 1) text += "x" + std::to_string(count);
  }
  if (text.empty()) text = "-";
  if (trial.asserts > 0) text += " (assert x" + std::to_string(trial.asserts) + ")";
  if (trial.hangs > 0) text += " (hang x" + std::to_string(trial.hangs) + ")";
  return text;
}

void print(const Line& line, const Arguments& arguments) {
  std::printf("%-4s  %-66s %-9s %-24s %6llu %8.1f  %s\n", sim::number_of(line.mutant.bug).c_str(),
              std::string(line.mutant.what).c_str(), std::string(line.mutant.expected).c_str(),
              killers(line.trial).c_str(), static_cast<unsigned long long>(line.trial.seeds),
              line.trial.cpu_seconds, killed(line, arguments.hunt) ? "dead" : "ALIVE");
  if (arguments.verbose) {
    for (const Kill& kill : line.trial.kills)
      std::printf("        seed %llu at %.3f s: %s %s\n",
                  static_cast<unsigned long long>(kill.seed), kill.at, kill.invariant.c_str(),
                  kill.what.c_str());
    if (!line.trial.assert_at.empty())
      std::printf("        assert: %s\n", line.trial.assert_at.c_str());
  }
  std::fflush(stdout);
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string json_of(const Line& line, const Hunt& hunt) {
  const Trial& trial = line.trial;
  std::string text = "    {\"bug\": " + in_quotes(sim::number_of(line.mutant.bug)) +
                     ", \"what\": " + in_quotes(line.mutant.what) +
                     ", \"expected\": " + in_quotes(line.mutant.expected) + ", \"kills\": [";
  for (const char* gap = ""; const Kill& kill : trial.kills) {
    text += gap;
    text += "{\"seed\": " + std::to_string(kill.seed) +
            ", \"invariant\": " + in_quotes(kill.invariant) + "}";
    gap = ", ";
  }
  text += "], \"asserts\": " + std::to_string(trial.asserts) +
          ", \"hangs\": " + std::to_string(trial.hangs) +
          ", \"seeds\": " + std::to_string(trial.seeds) +
          ", \"cpu_seconds\": " + std::to_string(trial.cpu_seconds) +
          ", \"killed\": " + (killed(line, hunt) ? "true" : "false") + "}";
  return text;
}

struct Clean {
  std::uint64_t seeds = 0;
  std::uint64_t false_alarms = 0;
};

std::uint64_t false_alarms(const Trial& trial) {
  return trial.kills.size() + trial.asserts + trial.hangs;
}

bool save(const Arguments& arguments, const std::vector<Line>& lines, const Clean& clean) {
  if (arguments.json.empty()) return true;
  std::ofstream file(arguments.json);
  file << "{\n  \"mutants\": [\n";
  for (std::size_t i = 0; i < lines.size(); ++i)
    file << json_of(lines[i], arguments.hunt) << (i + 1 < lines.size() ? ",\n" : "\n");
  file << "  ],\n  \"clean_seeds\": " << clean.seeds
       << ",\n  \"false_alarms\": " << clean.false_alarms << "\n}\n";
  if (!file.good()) std::fprintf(stderr, "cannot write %s\n", arguments.json.c_str());
  return file.good();
}

// The bugs that were asked for, of the part that was asked for. Empty: that makes no sense.
std::vector<sim::Mutant> chosen(const Arguments& arguments) {
  std::vector<sim::Mutant> all;
  for (const std::string& number : arguments.only) {
    const auto mutant = sim::find_mutant(number);
    if (!mutant) return {};
    all.push_back(*mutant);
  }
  if (arguments.only.empty()) all.assign(sim::mutants().begin(), sim::mutants().end());
  if (!arguments.group.empty())
    std::erase_if(
        all, [&](const sim::Mutant& mutant) { return name(mutant.ground) != arguments.group; });
  if (const auto ground = sim::ground_named(arguments.world))
    for (sim::Mutant& mutant : all) mutant.ground = *ground;
  if (arguments.shard.empty()) return all;
  unsigned long long part = 0;
  unsigned long long parts = 0;
  char rest = 0;
  if (std::sscanf(arguments.shard.c_str(), "%llu/%llu%c", &part, &parts, &rest) != 2 || part < 1 ||
      part > parts)
    return {};
  std::vector<sim::Mutant> some;
  for (std::size_t i = part - 1; i < all.size(); i += parts) some.push_back(all[i]);
  return some;
}

// Without a bug nothing may be found, however long one looks.
Trial look_at_none(const Arguments& arguments, const std::vector<Line>& lines, sim::Ground ground) {
  Hunt hunt = arguments.hunt;
  hunt.kills = 1;
  hunt.ground = ground;
  const auto same = [&](const Line& line) { return line.mutant.ground == ground; };
  if (std::ranges::none_of(lines, same)) return {};
  hunt.seeds = arguments.clean;
  for (const Line& line : lines)
    if (arguments.clean == 0 && same(line)) hunt.seeds = std::max(hunt.seeds, line.trial.seeds);
  Trial clean = apps::hunt(Bug::none, hunt);
  std::printf("none  %llu of %llu seeds of the %s, %.1f CPU s: %s\n",
              static_cast<unsigned long long>(clean.seeds),
              static_cast<unsigned long long>(hunt.seeds), std::string(name(ground)).c_str(),
              clean.cpu_seconds,
              false_alarms(clean) > 0    ? "FALSE ALARM"
              : clean.seeds < hunt.seeds ? "nothing was found, but the time was up"
                                         : "nothing was found, as it should be");
  for (const Kill& kill : clean.kills)
    std::printf("        seed %llu: %s %s\n", static_cast<unsigned long long>(kill.seed),
                kill.invariant.c_str(), kill.what.c_str());
  return clean;
}

int run(Arguments& arguments) {
  if (arguments.cheap) {
    arguments.hunt.kills = 1;
    arguments.hunt.cpu_seconds = std::min(arguments.hunt.cpu_seconds, 60.0);
  }
  if (arguments.hunt.processes == 0)
    arguments.hunt.processes = std::max(1U, std::thread::hardware_concurrency());
  const std::vector<sim::Mutant> all = chosen(arguments);
  if (all.empty()) {
    std::fprintf(stderr, "bowline-sim-mutants: no such bug, or no such part\n");
    return bad_usage;
  }
  std::printf("%-4s  %-66s %-9s %-24s %6s %8s\n", "bug", "what was planted", "expected",
              "killed by", "seeds", "CPU s");
  std::vector<Line> lines;
  std::size_t alive = 0;
  for (const sim::Mutant& mutant : all) {
    Hunt plan = arguments.hunt;
    plan.ground = mutant.ground;
    lines.push_back({mutant, hunt(mutant.bug, plan)});
    print(lines.back(), arguments);
    alive += killed(lines.back(), arguments.hunt) ? 0 : 1;
  }
  Clean clean;
  for (const sim::Ground ground : sim::grounds) {
    const Trial none = look_at_none(arguments, lines, ground);
    clean.seeds += none.seeds;
    clean.false_alarms += false_alarms(none);
  }
  std::printf("%zu of %zu are dead\n", lines.size() - alive, lines.size());
  return save(arguments, lines, clean) && alive == 0 && clean.false_alarms == 0 ? 0 : 1;
}

}  // namespace
}  // namespace bowline::apps

int main(int argc, char** argv) {
  CLI::App app{"Plants known bugs in the Raft core, and shows that the simulator finds them"};
  bowline::apps::Arguments arguments;
  arguments.hunt.processes = 0;
  bowline::apps::enter_kv();
  bowline::apps::declare(app, arguments);
  bowline::apps::ExhaustiveArguments exhaustive;
  const CLI::App* search = bowline::apps::declare_exhaustive(app, exhaustive);
  const CLI::App* hunt = bowline::apps::declare_exhaustive_hunt(app);
  bowline::apps::ReplayArguments replaying;
  const CLI::App* replay = bowline::apps::declare_replay(app, replaying);
  bowline::apps::ShrinkArguments shrinking{.program = argv[0]};
  const CLI::App* shrink = bowline::apps::declare_shrink(app, shrinking);
  CLI11_PARSE(app, argc, argv);
  if (search->parsed()) return bowline::apps::run_exhaustive(exhaustive);
  if (hunt->parsed()) return bowline::apps::run_exhaustive_hunt();
  if (replay->parsed()) return bowline::apps::run_replay(replaying);
  if (shrink->parsed()) return bowline::apps::run_shrink(shrinking);
  return bowline::apps::run(arguments);
}

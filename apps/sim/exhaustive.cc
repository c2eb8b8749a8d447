// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/exhaustive.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "apps/sim/exit_code.h"
#include "bowline/base/mutant.h"
#include "bowline/sim/exhaustive.h"
#include "bowline/sim/exhaustive_pool.h"

namespace bowline::apps {
namespace {

// The split start is past term 2 already: it gets as many terms more.
std::vector<sim::small::Limits> searches(const ExhaustiveArguments& arguments) {
  std::vector<sim::small::Limits> all;
  for (const auto start : {sim::small::Start::fresh, sim::small::Start::split}) {
    const bool fresh = start == sim::small::Start::fresh;
    if (arguments.start != "both" && arguments.start != (fresh ? "fresh" : "split")) continue;
    for (const bool pre_vote : {false, true}) {
      if (arguments.pre_vote != "both" && arguments.pre_vote != (pre_vote ? "on" : "off")) continue;
      sim::small::Limits limits;
      limits.start = start;
      limits.pre_vote = pre_vote;
      limits.terms = static_cast<std::uint8_t>(arguments.terms + (fresh ? 0 : 2));
      limits.entries = static_cast<std::uint8_t>(arguments.entries);
      limits.crashes = static_cast<std::uint8_t>(arguments.crashes);
      limits.timers = static_cast<std::uint8_t>(arguments.timers);
      limits.rounds = static_cast<std::uint8_t>(arguments.rounds);
      limits.states = arguments.states;
      all.push_back(limits);
    }
  }
  return all;
}

bool save(const std::string& path, const std::vector<Searched>& all) {
  if (path.empty()) return true;
  std::ofstream file(path);
  file << "{\"searches\": [";
  for (const char* gap = ""; const Searched& done : all) {
    const sim::small::Report& r = done.report;
    file << gap << "\n  {\"limits\": \"" << sim::small::text(done.limits)
         << "\", \"pooled\": " << (done.pooled ? "true" : "false")
         << ", \"complete\": " << (r.complete ? "true" : "false") << ", \"states\": " << r.states
         << ", \"transitions\": " << r.transitions << ", \"depth\": " << r.depth
         << ", \"replicas\": " << r.replicas << ", \"messages\": " << r.letters
         << ", \"collision\": " << r.collision << ", \"seconds\": " << done.seconds
         << ", \"violated\": \"" << r.broken << "\", \"steps_to_it\": " << r.path << "}";
    gap = ",";
  }
  file << "\n]}\n";
  return file.good();
}

bool plant(const std::string& name) {
  if (name.empty()) return true;
#ifdef BOWLINE_MUTANTS
  the_planted_bug = static_cast<Bug>(std::strtoul(name.c_str() + 1, nullptr, 10));
  return name.size() > 1 && name.front() == 'P' && the_planted_bug != Bug::none;
#else
  std::fprintf(stderr, "bowline-sim: only bowline-sim-mutants has bugs to plant\n");
  return false;
#endif
}

// To the channel of errors, so that what is found stays as it is, wherever it is sent.
class Headway {
 public:
  explicit Headway(const char* units) : units_(units) {}

  void operator()(const sim::small::Halfway& at) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + pause;
    std::fprintf(stderr, "  ... %llu %s, %llu transitions, %llu waiting\n",
                 static_cast<unsigned long long>(at.states), units_,
                 static_cast<unsigned long long>(at.transitions),
                 static_cast<unsigned long long>(at.waiting));
  }

 private:
  static constexpr std::chrono::seconds pause{10};
  const char* units_;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + pause;
};

}  // namespace

// What is found with pooled pasts is looked for among the true ones, for a story.
Searched search(const sim::small::Limits& limits, bool exact) {
  const auto begun = std::chrono::steady_clock::now();
  Searched done{.limits = limits, .report = {}, .pooled = !exact};
  if (!exact) done.report = sim::small::prove(limits, Headway("cells"));
  if (exact || !done.report.broken.empty()) {
    sim::small::Report truth = sim::small::search(limits, Headway("states"));
    if (exact || !truth.broken.empty()) {
      done.report = std::move(truth);
      done.pooled = false;
    }
  }
  done.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return done;
}

void tell(const Searched& done) {
  const sim::small::Report& r = done.report;
  std::printf("%s\n", sim::small::text(done.limits).c_str());
  for (const std::string& line : r.story) std::printf("  %s\n", line.c_str());
  std::printf(
      "  %llu %s, %llu transitions, %llu deep, %llu replicas, %llu messages, %.1f s; two "
      "taken for one: below %.0e\n",
      static_cast<unsigned long long>(r.states), done.pooled ? "cells (pooled pasts)" : "states",
      static_cast<unsigned long long>(r.transitions), static_cast<unsigned long long>(r.depth),
      static_cast<unsigned long long>(r.replicas), static_cast<unsigned long long>(r.letters),
      done.seconds, r.collision);
  if (!r.broken.empty())
    std::printf("  VIOLATED: %s\n", r.broken.c_str());
  else if (r.complete)
    std::printf("  all of it was visited, nothing is violated\n");
  else
    std::printf("  NOT COMPLETE: more than %u; give a higher --states, or smaller bounds\n",
                done.limits.states);
  if (!r.broken.empty() && done.pooled)
    std::printf("  found with pooled pasts only: it may not exist\n");
  std::fflush(stdout);
}

CLI::App* declare_exhaustive(CLI::App& app, ExhaustiveArguments& arguments) {
  CLI::App* verb = app.add_subcommand("exhaustive", "Three nodes, every behaviour within bounds");
  verb->add_option("--pre-vote", arguments.pre_vote, "on, off or both")
      ->check(CLI::IsMember({"on", "off", "both"}));
  verb->add_option("--start", arguments.start, "fresh, split or both")
      ->check(CLI::IsMember({"fresh", "split", "both"}));
  verb->add_option("--terms", arguments.terms, "From the start on")->check(CLI::Range(1, 5));
  verb->add_option("--entries", arguments.entries, "Of clients")->check(CLI::Range(0, 2));
  verb->add_option("--crashes", arguments.crashes, "Of all nodes")->check(CLI::Range(0, 3));
  verb->add_option("--timers", arguments.timers, "Fired by all nodes; 0: any number (pre-vote off)")
      ->check(CLI::Range(0, 9));
  verb->add_option("--rounds", arguments.rounds, "Of a leader")->check(CLI::Range(1, 9));
  verb->add_option("--states", arguments.states, "Give up beyond");
  verb->add_flag("--exact", arguments.exact, "Tell all pasts apart, at once");
  verb->add_option("--plant", arguments.plant, "A bug, as in P02 (bowline-sim-mutants)");
  verb->add_option("--json", arguments.json, "Write the results for programs");
  return verb;
}

int run_exhaustive(const ExhaustiveArguments& arguments) {
  if (!plant(arguments.plant)) return bad_usage;
  std::vector<Searched> all;
  std::uint64_t states = 0;
  bool good = true;
  for (const sim::small::Limits& limits : searches(arguments)) {
    all.push_back(search(limits, arguments.exact || !arguments.plant.empty()));
    tell(all.back());
    states += all.back().report.states;
    good = good && all.back().report.complete;
    if (!all.back().report.broken.empty()) break;
  }
  const bool saved = save(arguments.json, all);
  const std::string found = all.empty() ? "" : all.back().report.broken;
  std::printf("exhaustive: %s, %zu searches, %llu states or cells%s%s\n", good ? "ok" : "FAILED",
              all.size(), static_cast<unsigned long long>(states), found.empty() ? "" : ", ",
              found.c_str());
  return good && saved ? 0 : 1;
}

}  // namespace bowline::apps

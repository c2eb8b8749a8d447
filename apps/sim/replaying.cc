// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/replaying.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "apps/sim/apart.h"
#include "apps/sim/exit_code.h"
#include "bowline/base/ensure.h"
#include "bowline/sim/history_file.h"
#include "bowline/sim/mutants.h"

namespace bowline::apps {
namespace {

constexpr std::size_t readable = 100;  // lines
constexpr std::size_t last_steps = 40;

// The stories that are being told, so that they are heard even if the world ends at an ensure().
struct Telling {
  std::vector<sim::StoryRange> ranges;
  std::deque<sim::Story> stories;
};
Telling* the_telling = nullptr;
void (*the_telling_ends)(const Telling&) = nullptr;

void ends_at_ensure(const char*, unsigned, const char*) {
  the_telling_ends(*the_telling);
  std::fflush(nullptr);
  _Exit(1);
}

// Lives through it here and now, and hands over its stories at the end, whatever that is.
void live_through(const sim::Recorded& history, Telling& telling, void (*ends)(const Telling&)) {
  the_telling = &telling;
  the_telling_ends = ends;
  const EnsureListener before = on_ensure_failure(ends_at_ensure);
  sim::judge(history, [&](const sim::Court& court) {
    std::vector<sim::Witness*> onlookers;
    onlookers.reserve(telling.ranges.size());
    for (const sim::StoryRange& range : telling.ranges)
      onlookers.push_back(&telling.stories.emplace_back(court, history.plan, range));
    return onlookers;
  });
  on_ensure_failure(before);
  ends(telling);
}

void print(const sim::Story& story) {
  if (story.left_out() > 0) std::printf("(%zu lines left out)\n", story.left_out());
  for (const std::string& line : story.lines()) std::printf("%s\n", line.c_str());
}

void print_short(const Telling& telling) {
  const sim::Story& all = telling.stories[0];
  if (all.lines().size() <= readable) return print(all);
  print(telling.stories[1]);
  std::printf("\nand the last steps, one by one:\n");
  print(telling.stories[2]);
}

void print_first(const Telling& telling) { print(telling.stories[0]); }

bool ends(const sim::Verdict& verdict) {
  return verdict.violation.invariant != "I25" || verdict.events > 0;
}

void print_plan(const sim::Recorded& history) {
  const sim::Plan& plan = history.plan;
  const std::string bug =
      history.bug == Bug::none ? "" : ", the planted bug " + sim::number_of(history.bug);
  std::printf("from seed %llu: %u members, %u spare nodes, %zu troubles, %zu operations%s\n\n",
              static_cast<unsigned long long>(plan.seed), plan.nodes, plan.spares,
              plan.episodes.size(), plan.operations.size(), bug.c_str());
}

void print_verdict(const sim::Recorded& history, const sim::Verdict& verdict) {
  const double seconds = std::chrono::duration<double>(verdict.at.since_start).count();
  const auto hash = static_cast<unsigned long long>(verdict.hash);
  if (!verdict.broken()) {
    std::printf("nothing is broken in %.6f s, hash %016llx\n", seconds, hash);
    if (!history.breaks.invariant.empty())
      std::printf("this history broke %s once: %s\n", history.breaks.invariant.c_str(),
                  history.breaks.what.c_str());
    return;
  }
  std::printf("%s is broken at %.6f s, hash %016llx: %s\n", verdict.violation.invariant.c_str(),
              seconds, hash, verdict.violation.what.c_str());
  if (history.breaks.invariant.empty()) return;
  if (!sim::alike(history.breaks, verdict.violation))
    std::printf("this is not what the file says: %s: %s\n", history.breaks.invariant.c_str(),
                history.breaks.what.c_str());
  else if (history.hash != 0 && history.hash != verdict.hash)
    std::printf("on another way than the file says (hash %016llx): Bowline or the file changed\n",
                static_cast<unsigned long long>(history.hash));
}

std::optional<sim::Recorded> load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  if (!file.good() || content.str().empty()) {
    std::fprintf(stderr, "%s: cannot read it, or it is empty\n", path.c_str());
    return std::nullopt;
  }
  auto history = sim::parse_history(content.str());
  if (!history) {
    std::fprintf(stderr, "%s: %s\n", path.c_str(), history.error().c_str());
    return std::nullopt;
  }
  if (history->bug != Bug::none && !can_plant()) {
    std::fprintf(stderr, "%s: it has the planted bug %s: bowline-sim-mutants replay %s\n",
                 path.c_str(), sim::number_of(history->bug).c_str(), path.c_str());
    return std::nullopt;
  }
  return std::move(*history);
}

void tell_story(const sim::Recorded& history, const ReplayArguments& arguments) {
  sim::StoryRange range{.last = arguments.last, .around = {}, .brief = arguments.brief};
  if (arguments.around >= 0)
    range.around = Time{Duration(static_cast<std::int64_t>(arguments.around * 1e9))};
  Telling telling{.ranges = {range}, .stories = {}};
  live_through(history, telling, print_first);
}

}  // namespace

CLI::App* declare_replay(CLI::App& app, ReplayArguments& arguments) {
  CLI::App* verb = app.add_subcommand("replay", "Live through the history of a file again");
  verb->add_option("file", arguments.file, "What shrink wrote")->required();
  verb->add_flag("--story", arguments.story, "The whole story, step by step");
  verb->add_option("--last", arguments.last, "So many lines of it; 0: all");
  verb->add_option("--around", arguments.around, "The story half a second around this second");
  verb->add_flag("--brief", arguments.brief, "Only roles, terms and disks in the story");
  return verb;
}

int run_replay(const ReplayArguments& arguments) {
  const std::optional<sim::Recorded> history = load(arguments.file);
  if (!history) return bad_usage;
  print_plan(*history);
  const sim::Verdict verdict = judge_apart(*history, false);
  const bool wanted =
      arguments.story || arguments.brief || arguments.last > 0 || arguments.around >= 0;
  print_verdict(*history, verdict);
  std::fputs("\n", stdout);
  if (!ends(verdict)) return 1;
  if (wanted) {
    tell_story(*history, arguments);
  } else if (verdict.broken()) {
    tell_short_story(*history);
  }
  return verdict.broken() ? 1 : 0;
}

void tell_short_story(const sim::Recorded& history) {
  Telling telling{.ranges = {{}, {}, {}}, .stories = {}};
  telling.ranges[1].brief = true;
  telling.ranges[1].last = readable;
  telling.ranges[2].last = last_steps;
  live_through(history, telling, print_short);
}

}  // namespace bowline::apps

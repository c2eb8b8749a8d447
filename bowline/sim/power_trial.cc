// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/power_trial.h"

#include <chrono>

#include "bowline/sim/cohort_load.h"
#include "bowline/sim/hash.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t failures_of_each = 50;
constexpr std::uint64_t many_operations = 1'000'000;
constexpr Duration long_enough = 60s;

class Trial {
 public:
  Trial(const PowerTrial& trial, std::uint64_t seed, PowerTrialEnd& end)
      : trial_(trial),
        end_(end),
        decisions_(seed),
        chance_(decisions_, {.part = Part::plan}),
        cohort_(options_of(trial), seed),
        load_(cohort_, seed, many_operations) {}

  std::string run() {
    if (trial_.mishaps) {
      cohort_.climate().of(Mishap::failed_write) = 2'000;
      cohort_.climate().of(Mishap::failed_sync) = 2'000;
      for (std::uint64_t id = 1; id <= trial_.nodes; ++id)
        cohort_.platter({id}).guard(not_of_names);
    }
    cohort_.start_all();
    for (std::uint64_t i = 0; i < failures_of_each && cohort_.wrong.empty(); ++i) fail_once();
    cohort_.climate().ppm = {};
    if (cohort_.wrong.empty() && !cohort_.settles(long_enough)) return cohort_.stuck();
    cohort_.audit();
    end_.acknowledged += cohort_.record.acknowledged.size();
    return cohort_.wrong;
  }

 private:
  static CohortOptions options_of(const PowerTrial& trial) {
    CohortOptions options = sweep_options(trial.nodes);
    options.back_after = 5ms;
    return options;
  }

  // A directory that could not be synced is as good as lost: nobody can tell what is in it.
  static bool not_of_names(Mishap mishap, std::string_view file, Stretch) {
    return mishap != Mishap::failed_sync || !file.empty();
  }

  // Sooner or later, now and then so soon that the starts are not over.
  void fail_once() {
    const Duration wait = chance_.log_between("runs for", Duration(20us), Duration(300ms));
    const std::uint64_t goal = load_.over() + chance_.below("operations", 30);
    cohort_.run_until(
        [this, goal, end = cohort_.now() + wait] {
          load_.turn();
          return load_.over() >= goal && cohort_.now() >= end;
        },
        2s);
    cohort_.run(Duration(chance_.below("and a little", 400'000)));
    if (!cohort_.wrong.empty()) return;
    ++end_.failures;
    for (std::uint64_t id = 1; id <= trial_.nodes; ++id) down({id});
    cohort_.start_all();
  }

  void down(NodeId id) {
    // What was bad at a start is mended once it is over. Before that a second bit may be too many.
    const bool mended = cohort_.open(id);
    if (mended && cohort_.account(id)->torn) ++end_.torn;
    if (!cohort_.running(id)) ++end_.stopped;
    const std::uint64_t way = chance_.below("loss", losses + 1);
    cohort_.lose_power(id, way == losses ? std::nullopt : std::optional(static_cast<Loss>(way)));
    if (trial_.mishaps && mended && chance_.happens("a bit flips", 300'000)) flip(id);
  }

  // One bit costs nothing, wherever it is.
  void flip(NodeId id) {
    Platter& platter = cohort_.platter(id);
    const auto files = platter.list_durable();
    if (files.empty()) return;
    const env::Listed& file = files[chance_.below("file", files.size())];
    const std::uint64_t at = chance_.below("byte", file.bytes);
    if (platter.flip(file.name, at, static_cast<unsigned>(chance_.below("bit", 8)))) ++end_.flips;
  }

  PowerTrial trial_;
  PowerTrialEnd& end_;
  Decisions decisions_;
  Chance chance_;
  Cohort cohort_;
  CohortLoad load_;
};

}  // namespace

void run(const PowerTrial& trial, PowerTrialEnd& end) {
  const std::uint64_t groups = (trial.failures + failures_of_each - 1) / failures_of_each;
  for (std::uint64_t i = 1; i <= groups && end.wrong.empty(); ++i) {
    if (!trial.part.mine(i, groups)) continue;
    ++end.groups;
    end.wrong = Trial(trial, mixed(trial.part.seed, i), end).run();
    end.at = i;
    if (trial.part.ticks) trial.part.ticks();
  }
}

}  // namespace bowline::sim

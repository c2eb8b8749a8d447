// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/crash_sweep.h"

#include <chrono>
#include <utility>
#include <vector>

#include "bowline/sim/cohort_load.h"
#include "bowline/sim/hash.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration long_enough = 60s;
constexpr std::uint64_t reads_every = 8;    // of the states: all is read back
constexpr std::uint64_t loops_every = 8;    // it crashes again while it starts
constexpr std::uint64_t groups_every = 16;  // all nodes lose power, and go on together
constexpr std::uint64_t most_recrashes = 20;

// What the power takes: each file in its own way, or all in one of the four ways.
std::optional<Loss> loss_of(std::uint64_t subset) {
  const std::uint64_t way = subset % (losses + 1);
  return way == losses ? std::nullopt : std::optional(static_cast<Loss>(way));
}

class Sweep {
 public:
  Sweep(const CrashSweep& sweep, CrashSweepEnd& end)
      : sweep_(sweep), end_(end), options_(sweep_options(sweep.nodes)) {}

  void run() {
    count();
    if (fine()) go_through();
  }

 private:
  bool fine() const { return end_.wrong.empty(); }

  void fail(std::uint64_t subset, std::string what) {
    if (!fine()) return;
    end_.wrong = std::move(what);
    end_.at = now_at_;
    end_.subset = subset;
  }

  // Once through the workload, and nothing happens.
  void count() {
    Cohort cohort(options_, sweep_.part.seed);
    if (!whole_load(cohort)) return fail(0, "without a crash: " + cohort.stuck());
    for (std::uint64_t id = 1; id <= sweep_.nodes; ++id)
      end_.points += cohort.platter({id}).points();
  }

  bool whole_load(Cohort& cohort) const {
    cohort.start_all();
    CohortLoad load(cohort, sweep_.part.seed, sweep_operations);
    return load.run(sweep_operations) && cohort.settles(long_enough) && audited(cohort);
  }
  static bool audited(Cohort& cohort) {
    cohort.audit();
    return cohort.wrong.empty();
  }
  // Once more, and at each point all is copied: the points of all nodes in the order of time.
  void go_through() {
    Cohort cohort(options_, sweep_.part.seed);
    for (std::uint64_t id = 1; id <= sweep_.nodes; ++id) wait_for(cohort, {id}, 1);
    if (!whole_load(cohort) && fine()) fail(0, "while it was watched: " + cohort.stuck());
  }

  void wait_for(Cohort& cohort, NodeId id, std::uint64_t point) {
    cohort.platter(id).crash_at(point, [this, &cohort, id, point] {
      now_at_ = ++passed_;
      if (fine() && sweep_.part.mine(now_at_, end_.points)) at_point(cohort, id, point);
      wait_for(cohort, id, point + 1);
    });
  }

  void at_point(const Cohort& cohort, NodeId id, std::uint64_t point) {
    std::vector<Remains> all;
    for (std::uint64_t i = 1; i <= sweep_.nodes; ++i) all.push_back(cohort.remains({i}));
    for (std::uint64_t subset = 0; subset < sweep_.subsets && fine(); ++subset) {
      const std::uint64_t seed = mixed(mixed(sweep_.part.seed, now_at_), subset);
      const bool together = sweep_.nodes == 1 || subset % groups_every == 0;
      try_one(all[id.value - 1], id, subset, seed);
      if (together && fine()) try_group(all, cohort.record, subset, seed);
    }
    if (sweep_.nodes > 1 && fine()) try_lone(id, point);
    if (sweep_.part.ticks) sweep_.part.ticks();
  }

  // The log of one node: does it start, and does it hold what it must?
  void try_one(const Remains& remains, NodeId id, std::uint64_t subset, std::uint64_t seed) {
    CohortOptions options = options_;
    options.whole = false;
    Cohort cohort(std::move(options), seed);
    cohort.adopt(id, remains);
    cohort.lose_power(id, loss_of(subset));
    if (subset % loops_every == 1) crash_again_and_again(cohort, id, seed);
    cohort.start(id);
    ++end_.states;
    if (!opens(cohort, id)) return fail(subset, why_not(cohort, id));
    const wal::Account& account = *cohort.account(id);
    end_.torn += account.torn ? 1 : 0;
    end_.mended += account.mended > 0 ? 1 : 0;
    if (account.damaged > 0) return fail(subset, "a crash looks like damage");
    if (subset % reads_every == 0) cohort.read_back(id);
    if (!cohort.wrong.empty()) fail(subset, cohort.wrong);
  }

  static bool opens(Cohort& cohort, NodeId id) {
    cohort.run_until([&] { return cohort.open(id) || !cohort.running(id); }, long_enough);
    return cohort.open(id) && cohort.wrong.empty();
  }
  static std::string why_not(const Cohort& cohort, NodeId id) {
    if (!cohort.wrong.empty()) return cohort.wrong;
    return cohort.refused(id).empty() ? "the start never ends" : cohort.refused(id);
  }

  // Each start gets a little further, or not, and the power fails again. It must not leave more
  // and more behind.
  void crash_again_and_again(Cohort& cohort, NodeId id, std::uint64_t seed) {
    Prng prng(seed);
    Platter& platter = cohort.platter(id);
    const std::uint64_t files = platter.files();
    cohort.hold(id, true);
    ++end_.loops;
    const std::uint64_t times = 1 + prng.below(most_recrashes);
    for (std::uint64_t i = 0; i < times; ++i) {
      bool struck = false;
      platter.crash_at(platter.points() + 1 + prng.below(40), [&] { struck = true; });
      cohort.start(id);
      cohort.run_until([&] { return struck || !cohort.running(id); }, 20ms);
      cohort.lose_power(id, loss_of(prng.next()));
      ++end_.recrashes;
    }
    platter.crash_at(0, {});
    cohort.hold(id, false);
    if (platter.files() > files + options_.log.ahead + 2)
      fail(0, "starts that are cut short leave more and more files behind");
  }

  // The power of all fails at this moment. They go on together, and nothing is missing.
  void try_group(const std::vector<Remains>& all, const Record& record, std::uint64_t subset,
                 std::uint64_t seed) {
    Cohort cohort(options_, seed);
    cohort.record = record;
    for (std::uint64_t i = 1; i <= sweep_.nodes; ++i) {
      cohort.adopt({i}, all[i - 1]);
      cohort.lose_power({i}, loss_of(subset + i));
    }
    cohort.start_all();
    ++end_.groups;
    if (!cohort.settles(long_enough))
      return fail(subset, "after a power failure: " + cohort.stuck());
    cohort.audit();
    if (!cohort.wrong.empty()) fail(subset, "after a power failure: " + cohort.wrong);
  }

  // The same workload from its beginning; only this node's power fails, and it comes back.
  void try_lone(NodeId id, std::uint64_t point) {
    Cohort cohort(options_, sweep_.part.seed);
    Decisions decisions(mixed(sweep_.part.seed, now_at_));
    Chance chance(decisions, {.part = Part::plan});
    cohort.platter(id).crash_at(point, [&] { cohort.platter(id).lose_power(chance); });
    ++end_.lone;
    if (!whole_load(cohort)) fail(0, "while the others went on: " + cohort.stuck());
  }

  CrashSweep sweep_;
  CrashSweepEnd& end_;
  CohortOptions options_;
  std::uint64_t passed_ = 0;
  std::uint64_t now_at_ = 0;
};

}  // namespace

CohortOptions sweep_options(std::uint64_t nodes) {
  CohortOptions options;
  options.nodes = nodes;
  options.log.segment_bytes = 64 << 10;
  options.log.batch_bytes = 16 << 10;
  options.log.tail_bytes = 8 << 10;
  options.log.most_segments = 5;
  return options;
}

void run(const CrashSweep& sweep, CrashSweepEnd& end) { Sweep(sweep, end).run(); }

}  // namespace bowline::sim

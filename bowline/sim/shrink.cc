// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/shrink.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "bowline/raft/membership.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr int most_rounds = 8;
constexpr std::size_t few = 60;  // things that are worth looking at one by one

template <class Value>
bool set(Value& value, Value plain) {
  return std::exchange(value, plain) != plain;
}

bool round_to(Duration& duration, Duration step) { return set(duration, duration / step * step); }

// How one trouble can be plainer. Each says whether it changed anything.
using EpisodeEdit = bool (*)(Episode&);
constexpr std::array episode_edits{
    EpisodeEdit{[](Episode& e) { return set(e.lasts, e.lasts / 16); }},
    EpisodeEdit{[](Episode& e) { return set(e.lasts, e.lasts / 2); }},
    EpisodeEdit{[](Episode& e) { return set(e.one_way, false); }},
    EpisodeEdit{[](Episode& e) { return set(e.shape, Shape::halves); }},
    EpisodeEdit{[](Episode& e) { return set(e.peer, 0U); }},
    EpisodeEdit{[](Episode& e) { return set(e.amount, std::uint64_t{0}); }},
    EpisodeEdit{[](Episode& e) { return e.amount > 1 && set(e.amount, std::uint64_t{1}); }},
    // Not the leader but the node that it names, see Weather::victim().
    EpisodeEdit{[](Episode& e) { return e.amount > 1 && set(e.amount, std::uint64_t{35} << 8); }},
    EpisodeEdit{[](Episode& e) { return round_to(e.at.since_start, 100ms); }},
    EpisodeEdit{[](Episode& e) { return round_to(e.at.since_start, 1ms); }},
    EpisodeEdit{[](Episode& e) { return round_to(e.lasts, 100ms); }},
    EpisodeEdit{[](Episode& e) { return round_to(e.lasts, 1ms); }},
};

using OperationEdit = bool (*)(Operation&);
constexpr std::array operation_edits{
    OperationEdit{[](Operation& o) { return set(o.act, Act::write); }},
    OperationEdit{[](Operation& o) { return set(o.node, 0U); }},
    OperationEdit{[](Operation& o) { return set(o.amount, std::uint64_t{0}); }},
    OperationEdit{[](Operation& o) { return set(o.amount, o.amount % 1000); }},
    OperationEdit{[](Operation& o) { return round_to(o.at.since_start, 100ms); }},
    OperationEdit{[](Operation& o) { return round_to(o.at.since_start, 1ms); }},
};

class Shrinker {
 public:
  Shrinker(Recorded history, const Trial& trial, const ShrinkLimits& limits)
      : trial_(trial), limits_(limits) {
    shrunk_.history = std::move(history);
  }

  Shrunk run() {
    shrunk_.before = trial_(best(), true);
    shrunk_.size_before = size_of(best());
    if (!shrunk_.before.broken()) return std::move(shrunk_);
    adopt(shrunk_.before);
    shrunk_.size_before = size_of(best());
    for (int round = 0; round < most_rounds && !over(); ++round) {
      const Size before = size_of(best());
      one_round();
      if (size_of(best()) == before) break;
    }
    make_plain();
    refresh();
    shrunk_.size_after = size_of(best());
    shrunk_.stopped = over();
    return std::move(shrunk_);
  }

 private:
  Recorded& best() { return shrunk_.history; }
  const Recorded& best() const { return shrunk_.history; }
  bool over() const {
    return shrunk_.runs >= limits_.most_runs || (limits_.enough && limits_.enough());
  }

  void adopt(const Verdict& verdict) {
    best().breaks = verdict.violation;
    best().hash = verdict.hash;
    if (verdict.draws) best().draws = verdict.draws;
    shrunk_.after = verdict;
    shrunk_.after.draws.reset();
  }

  // Keeps the candidate if it breaks the same, and is one that owes us anything.
  bool attempt(Recorded candidate) {
    if (over() || !fault(candidate.plan).empty()) return false;
    ++shrunk_.runs;
    const Verdict verdict = trial_(candidate, false);
    if (!alike(verdict.violation, shrunk_.before.violation)) return false;
    best() = std::move(candidate);
    adopt(verdict);
    return true;
  }
  // `change` says whether there was anything to change.
  template <class Change>
  bool attempt_with(const Change& change) {
    Recorded candidate = best();
    return change(candidate) && attempt(std::move(candidate));
  }

  // Drops the draws that nobody asks for any more.
  void refresh() {
    ++shrunk_.runs;
    const Verdict verdict = trial_(best(), true);
    if (alike(verdict.violation, shrunk_.before.violation)) adopt(verdict);
  }

  void tell(const std::string& what) const {
    if (limits_.tell) limits_.tell(what);
  }
  void tell_size() const {
    const Size size = size_of(best());
    tell(std::to_string(size.nodes) + " nodes, " + std::to_string(size.troubles) + " troubles, " +
         std::to_string(size.operations) + " operations, " + std::to_string(size.draws) +
         " draws after " + std::to_string(shrunk_.runs) + " runs");
  }

  void one_round() {
    shorten();
    if (!over()) refresh();
    calm_kinds();
    drop(&Plan::episodes);
    drop(&Plan::operations);
    shorten();
    fewer_nodes();
    calm_settings();
    close_gaps();
    if (!over()) refresh();
    calm_strands();
    if (!over()) refresh();
    tell_size();
  }

  // Zeller's delta debugging: all of it, halves, quarters, and so on. `without(first, count)` tries
  // to do without a part, and `size()` says how much there is.
  template <class Count, class Without>
  void reduce(const Count& size, const Without& without) {
    for (std::size_t part = size(); part > 0 && !over(); part /= 2) {
      // From the end, because what happens late has less that hangs on it.
      std::size_t end = size();
      while (end > 0 && !over()) {
        const std::size_t first = end > part ? end - part : 0;
        without(first, end - first);
        end = std::min(first, size());
      }
    }
  }

  template <class Thing>
  void drop(std::vector<Thing> Plan::* list) {
    reduce([&] { return (best().plan.*list).size(); },
           [&](std::size_t first, std::size_t count) {
             return attempt_with([&](Recorded& candidate) {
               auto& all = candidate.plan.*list;
               const auto from = all.begin() + static_cast<std::ptrdiff_t>(first);
               all.erase(from, from + static_cast<std::ptrdiff_t>(count));
               return true;
             });
           });
  }

  bool try_end(Time end) {
    return end < best().plan.weather_ends && attempt_with([end](Recorded& candidate) {
             end_at(candidate.plan, end);
             return true;
           });
  }

  // Up to the violation; what broke only after the weather, with ever less weather before it.
  void shorten() {
    if (shrunk_.after.at < best().plan.weather_ends) {
      try_end(shrunk_.after.at + Duration(1));
      return;
    }
    for (const int sixteenths : {1, 2, 4, 8, 12, 15}) {
      const Time end{best().plan.weather_ends.since_start * sixteenths / 16};
      if (try_end(end)) break;
    }
    Time last;
    for (const Episode& one : best().plan.episodes) last = std::max(last, one.at);
    for (const Operation& one : best().plan.operations) last = std::max(last, one.at);
    try_end(last + 1ms);
  }

  void fewer_nodes() {
    for (std::uint32_t node = best().plan.nodes + best().plan.spares; node > 0; --node) {
      if (best().plan.nodes + best().plan.spares == 1) return;
      attempt_with([node](Recorded& candidate) {
        leave_out_node(candidate, node);
        return true;
      });
    }
  }

  void calm_settings() {
    for (std::size_t field = 0; field < climate_fields(); ++field)
      attempt_with([&](Recorded& one) { return calm_climate(one.plan, field); });
    for (std::size_t field = 0; field < option_fields(); ++field)
      attempt_with([&](Recorded& one) { return calm_option(one.plan, field); });
    attempt_with([](Recorded& one) { return set(one.plan.tie_seed, std::uint64_t{0}); });
    for (std::size_t i = 0; i < best().plan.priorities.size(); ++i)
      attempt_with([i](Recorded& one) {
        return set(one.plan.priorities[i], std::uint8_t{raft::default_priority});
      });
    for (std::size_t i = 0; i < best().plan.clock_permille.size(); ++i)
      attempt_with([i](Recorded& one) { return set(one.plan.clock_permille[i], 0); });
  }

  // Nothing happens for a while? Then for a shorter while.
  void close_gaps() {
    for (const Duration at_most : {Duration(10ms), Duration(300ms), Duration(2s)}) {
      const std::size_t gaps = moments(best().plan).size();
      if (gaps > few) continue;
      for (std::size_t gap = gaps; gap-- > 0;)
        attempt_with([&](Recorded& candidate) {
          const Time end = candidate.plan.weather_ends;
          close_gap(candidate.plan, gap, at_most);
          return candidate.plan.weather_ends != end;
        });
    }
  }

  // All draws of a kind, wherever they are made: no doubles, no latency beyond the least.
  void calm_kinds() {
    if (!best().draws) return;
    std::set<std::pair<Part, std::string>> kinds;
    for (const auto& [strand, draws] : *best().draws)
      kinds.emplace(strand.stream.part, strand.what);
    for (const auto& [part, what] : kinds)
      attempt_with([&](Recorded& candidate) {
        return std::erase_if(*candidate.draws, [&](const auto& each) {
                 return each.first.stream.part == part && each.first.what == what;
               }) > 0;
      });
  }

  void calm_strands() {
    if (!best().draws) return;
    std::vector<Strand> strands;
    for (const auto& [strand, draws] : *best().draws) strands.push_back(strand);
    std::size_t kept = strands.size();
    reduce([&] { return kept; },
           [&](std::size_t first, std::size_t count) {
             const bool gone = attempt_with([&](Recorded& candidate) {
               std::size_t erased = 0;
               for (std::size_t i = first; i < first + count; ++i)
                 erased += candidate.draws->erase(strands[i]);
               return erased > 0;
             });
             if (!gone) return;
             const auto from = strands.begin() + static_cast<std::ptrdiff_t>(first);
             strands.erase(from, from + static_cast<std::ptrdiff_t>(count));
             kept = strands.size();
           });
    for (const Strand& strand : strands) calm_draws(strand);
  }

  // Those of one strand, a part after the other.
  void calm_draws(const Strand& strand) {
    std::vector<std::size_t> wild;
    // What was made calm since may have taken this one along.
    const auto draws = best().draws->find(strand);
    if (draws == best().draws->end()) return;
    for (std::size_t i = 0; i < draws->second.size(); ++i)
      if (draws->second[i] != 0) wild.push_back(i);
    reduce([&] { return wild.size(); },
           [&](std::size_t first, std::size_t count) {
             const bool calm = attempt_with([&](Recorded& candidate) {
               const auto found = candidate.draws->find(strand);
               if (found == candidate.draws->end()) return false;
               std::vector<std::uint64_t>& changed = found->second;
               for (std::size_t i = first; i < first + count; ++i)
                 if (wild[i] < changed.size()) changed[wild[i]] = 0;
               return true;
             });
             if (!calm) return;
             const auto from = wild.begin() + static_cast<std::ptrdiff_t>(first);
             wild.erase(from, from + static_cast<std::ptrdiff_t>(count));
           });
  }

  template <class Thing, class Edits>
  void make_each_plain(std::vector<Thing> Plan::* list, const Edits& edits) {
    if ((best().plan.*list).size() > few) return;
    for (std::size_t i = 0; i < (best().plan.*list).size(); ++i)
      for (const auto edit : edits)
        attempt_with([&](Recorded& candidate) { return edit((candidate.plan.*list)[i]); });
  }

  // Nothing is left out any more; what is left gets easier to read.
  void make_plain() {
    const std::uint32_t count = best().plan.nodes + best().plan.spares;
    attempt_with([count](Recorded& candidate) {
      for (Episode& episode : candidate.plan.episodes) episode.node %= count;
      return true;
    });
    make_each_plain(&Plan::episodes, episode_edits);
    make_each_plain(&Plan::operations, operation_edits);
    close_gaps();
    shorten();
    if (best().draws) {
      for (const auto& [strand, draws] : Recording(*best().draws)) make_round(strand);
    }
  }

  // Draws of times, to milliseconds.
  void make_round(const Strand& strand) {
    attempt_with([&](Recorded& candidate) {
      constexpr std::uint64_t millisecond = 1'000'000;
      bool changed = false;
      for (std::uint64_t& draw : candidate.draws->at(strand))
        if (draw > millisecond) changed = set(draw, draw / millisecond * millisecond) || changed;
      return changed;
    });
  }

  Shrunk shrunk_;
  const Trial& trial_;
  const ShrinkLimits& limits_;
};

}  // namespace

Shrunk shrink(Recorded history, const Trial& trial, const ShrinkLimits& limits) {
  return Shrinker(std::move(history), trial, limits).run();
}

}  // namespace bowline::sim

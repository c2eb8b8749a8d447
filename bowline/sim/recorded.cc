// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/recorded.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "bowline/sim/plan_fields.h"

namespace bowline::sim {
namespace {

constexpr std::uint32_t most_nodes = 16;
constexpr Duration longest = std::chrono::hours(48);
constexpr std::int32_t most_permille = 500;

// No time before the beginning, none beyond all bounds, no part of more than the whole.
struct InRange {
  std::string& wrong;

  void operator()(const char* name, Duration value) const {
    if (value < Duration::zero() || value > longest) say(name, "must lie in two days");
  }
  void operator()(const char* name, Time value) const { (*this)(name, value.since_start); }
  void operator()(const char* name, std::uint32_t value) const {
    if (std::string_view(name).ends_with("_ppm") && value > 1'000'000)
      say(name, "must be at most a million");
  }
  template <class Other>
  void operator()(const char*, Other) const {}

  void say(const char* name, const char* what) const {
    if (wrong.empty()) wrong = std::string(name) + " " + what;
  }
};

std::string fault_of_nodes(const Plan& plan) {
  if (plan.nodes == 0 || plan.nodes > most_nodes || plan.spares > most_nodes - plan.nodes)
    return "there must be 1 to 16 nodes, and a member among them";
  if (plan.priorities.size() != plan.nodes) return "each member must have a priority";
  if (std::ranges::max(plan.priorities) == 0) return "somebody must be allowed to lead";
  if (plan.clock_permille.size() != plan.nodes + plan.spares) return "each node must have a clock";
  for (const std::int32_t rate : plan.clock_permille)
    if (rate < -most_permille || rate > most_permille) return "a clock runs too fast or too slow";
  return {};
}

// A lease may trust that no clock drifts by more than the group was told.
std::string fault_of_leases(const Plan& plan) {
  if (!plan.options.lease_reads) return {};
  for (const std::int32_t rate : plan.clock_permille)
    if (static_cast<std::uint32_t>(std::abs(rate)) > plan.options.drift_permille)
      return "with lease_reads no clock may drift by more than drift_permille";
  if (std::ranges::find(plan.episodes, Trouble::skew, &Episode::trouble) != plan.episodes.end())
    return "with lease_reads no clock may be skewed";
  return {};
}

// The words of a sentence up to its first comma, with all numbers taken for one.
std::string gist(std::string_view what) {
  std::string words;
  for (const char c : what.substr(0, what.find_first_of(",\n"))) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) words += c;
    if (digit && !words.ends_with('#')) words += '#';
  }
  return words;
}

}  // namespace

Recorded recorded(std::uint64_t seed, const Settings& settings, Bug bug) {
  Decisions decisions(seed);
  return {.plan = draw_plan(decisions, settings), .bug = bug, .draws = {}, .breaks = {}};
}

Decisions decisions_of(const Recorded& history) {
  if (!history.draws) return Decisions(history.plan.seed, Decisions::Mode::record);
  return Decisions(history.plan.seed, *history.draws);
}

Verdict verdict_of(const History& history) {
  Verdict verdict;
  if (history.violation) verdict.violation = *history.violation;
  verdict.at = Time{history.virtual_time};
  verdict.hash = history.hash;
  verdict.events = history.counters.events;
  return verdict;
}

Verdict judge(const Recorded& history, const Onlookers& onlookers) {
#ifdef BOWLINE_MUTANTS
  the_planted_bug = history.bug;
#endif
  Decisions decisions = decisions_of(history);
  Verdict verdict = verdict_of(run_plan(history.plan, {}, decisions, onlookers));
#ifdef BOWLINE_MUTANTS
  the_planted_bug = Bug::none;
#endif
  verdict.draws = decisions.recording();
  return verdict;
}

std::string fault(const Climate& climate) {
  std::string wrong;
  visit_climate(InRange{wrong}, climate);
  return wrong;
}

std::string fault(const Episode& episode) {
  std::string wrong;
  visit_episode(InRange{wrong}, episode);
  return wrong;
}

std::string fault(const Operation& operation) {
  std::string wrong;
  visit_operation(InRange{wrong}, operation);
  return wrong;
}

std::string fault(const Plan& plan) {
  std::string wrong;
  visit_shape(InRange{wrong}, plan);
  const auto note = [&](const std::string& what) {
    if (wrong.empty()) wrong = what;
  };
  note(plan.options.fault());
  note(fault_of_nodes(plan));
  note(fault_of_leases(plan));
  note(fault(plan.climate));
  for (const Episode& episode : plan.episodes) note(fault(episode));
  for (const Operation& operation : plan.operations) note(fault(operation));
  return wrong;
}

bool alike(const Violation& one, const Violation& other) {
  return one.invariant == other.invariant && gist(one.what) == gist(other.what);
}

}  // namespace bowline::sim

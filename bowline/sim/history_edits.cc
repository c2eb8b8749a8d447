// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/history_edits.h"

#include <algorithm>
#include <utility>

#include "bowline/sim/plan_fields.h"

namespace bowline::sim {
namespace {

// Sets one field, by its number, to what it is elsewhere.
struct Change {
  std::size_t wanted = 0;
  std::size_t passed = 0;
  bool changed = false;

  template <class Value>
  void operator()(const char*, Value& mine, const Value& other) {
    if (passed++ != wanted) return;
    changed = mine != other;
    mine = other;
  }
};

constexpr std::size_t no_field = ~std::size_t{0};

// The number of a node when one is left out; both count from 0. `count` nodes are left.
std::uint32_t renumbered(std::uint32_t node, std::uint32_t out, std::uint32_t count) {
  return node > out ? node - 1 : node % count;
}

// Episodes name their nodes modulo all there are, and peers by the distance; see Weather.
void rename(Episode& episode, std::uint32_t out, std::uint32_t count) {
  const std::uint32_t before = count + 1;
  const std::uint32_t node = episode.node % before;
  const std::uint32_t peer = (node + 1 + episode.peer % count) % before;
  episode.node = renumbered(node, out, count);
  const std::uint32_t apart = renumbered(peer, out, count) + count - episode.node;
  episode.peer = apart % count == 0 ? 0 : apart % count - 1;
}

// Operations at no leader go to 1 + (node + amount % 7) modulo all nodes; see Workload.
void rename(Operation& operation, std::uint32_t out, std::uint32_t count) {
  if (operation.node == 0) return;
  const auto shift = static_cast<std::uint32_t>(operation.amount % 7);
  const std::uint32_t at = renumbered((operation.node + shift) % (count + 1), out, count);
  operation.node = (at + 7 * count - shift) % count;
  if (operation.node == 0) operation.node = count;
}

Recording without(const Recording& recording, std::uint32_t out) {
  Recording left;
  for (const auto& [strand, draws] : recording) {
    Strand renamed = strand;
    Stream& stream = renamed.stream;
    const bool link = stream.part == Part::link;
    const std::uint32_t gone = link ? out : out + 1;  // only links count from 0
    if (stream.a == gone || (link && stream.b == gone)) continue;
    if (stream.a > gone) --stream.a;
    if (link && stream.b > gone) --stream.b;
    left[renamed] = draws;
  }
  return left;
}

template <class Value>
void erase_at(std::vector<Value>& values, std::size_t at) {
  if (at < values.size()) values.erase(values.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace

void end_at(Plan& plan, Time end) {
  plan.weather_ends = end;
  std::erase_if(plan.episodes, [end](const Episode& one) { return one.at >= end; });
  std::erase_if(plan.operations, [end](const Operation& one) { return one.at >= end; });
}

void leave_out_node(Recorded& history, std::uint32_t node) {
  Plan& plan = history.plan;
  const std::uint32_t out = node - 1;
  const std::uint32_t count = plan.nodes + plan.spares - 1;
  erase_at(plan.clock_permille, out);
  erase_at(plan.priorities, out);
  --(out < plan.nodes ? plan.nodes : plan.spares);
  if (count == 0) return;
  for (Episode& episode : plan.episodes) rename(episode, out, count);
  for (Operation& operation : plan.operations) rename(operation, out, count);
  if (history.draws) history.draws = without(*history.draws, out);
}

std::vector<Time> moments(const Plan& plan) {
  std::vector<Time> all{Time{}, plan.weather_ends};
  all.reserve(2 + plan.episodes.size() * 2 + plan.operations.size());
  for (const Episode& episode : plan.episodes) {
    all.push_back(episode.at);
    all.push_back(episode.at + episode.lasts);
  }
  for (const Operation& operation : plan.operations) all.push_back(operation.at);
  std::erase_if(all, [&](Time time) { return time > plan.weather_ends; });
  std::ranges::sort(all);
  const auto same = std::ranges::unique(all);
  all.erase(same.begin(), same.end());
  return all;
}

void close_gap(Plan& plan, std::size_t gap, Duration at_most) {
  const std::vector<Time> all = moments(plan);
  if (gap + 1 >= all.size() || all[gap + 1] - all[gap] <= at_most) return;
  const Time before = all[gap];
  const Duration less = all[gap + 1] - before - at_most;
  const auto sooner = [&](Time time) {
    return time > before ? Time{time.since_start - less} : time;
  };
  for (Episode& episode : plan.episodes) {
    const Time end = sooner(episode.at + episode.lasts);
    episode.at = sooner(episode.at);
    episode.lasts = end - episode.at;
  }
  for (Operation& operation : plan.operations) operation.at = sooner(operation.at);
  plan.weather_ends = sooner(plan.weather_ends);
}

bool calm_option(Plan& plan, std::size_t field) {
  const raft::Options calm;
  Change change{field};
  visit_options(change, plan.options, calm);
  return change.changed;
}

std::size_t option_fields() {
  raft::Options any;
  Change nothing{no_field};
  visit_options(nothing, any, any);
  return nothing.passed;
}

std::size_t climate_fields() {
  Climate any;
  Change nothing{no_field};
  visit_climate(nothing, any, any);
  return nothing.passed;
}

bool calm_climate(Plan& plan, std::size_t field) {
  const Climate calm;
  Change change{field};
  visit_climate(change, plan.climate, calm);
  return change.changed;
}

Size size_of(const Recorded& history) {
  Size size{.nodes = history.plan.nodes + history.plan.spares,
            .troubles = history.plan.episodes.size(),
            .operations = history.plan.operations.size()};
  if (!history.draws) return size;
  for (const auto& [strand, draws] : *history.draws)
    size.draws += draws.size() - static_cast<std::size_t>(std::ranges::count(draws, 0U));
  return size;
}

}  // namespace bowline::sim

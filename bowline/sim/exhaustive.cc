// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/exhaustive.h"

#include <algorithm>
#include <array>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/sim/exhaustive_history.h"
#include "bowline/sim/exhaustive_numbered.h"
#include "bowline/sim/exhaustive_space.h"
#include "bowline/sim/exhaustive_start.h"
#include "bowline/sim/exhaustive_story.h"

namespace bowline::sim::small {
namespace {

struct State {
  std::array<std::uint32_t, nodes> sites{};
  std::uint32_t history = 0;
  std::uint64_t hash() const {
    const std::uint64_t half = mixed(sites[0], sites[1]);
    return mixed(half, (std::uint64_t{sites[2]} << 32) | history);
  }
  friend bool operator==(const State&, const State&) = default;
};

class Search {
 public:
  Search(const Limits& limits, Onlooker onlooker)
      : limits_(limits), onlooker_(std::move(onlooker)), space_(limits) {
    State first;
    const std::vector<Replica> replicas = starting(limits);
    for (std::uint64_t i = 0; i < nodes; ++i) {
      first.sites[i] = space_.site_of(replicas[i]);
      untouched_[i] = space_.replica_number(first.sites[i]);
    }
    first.history = histories_.number({}).number;
    states_.number(first);
    parents_.push_back(0);
  }

  Report run() {
    Report report;
    std::uint32_t level_end = 1;
    for (std::uint32_t i = 0; i < states_.size() && broken_.empty(); ++i) {
      if (states_.size() >= limits_.states) break;
      if (i == level_end) {
        ++report.depth;
        level_end = states_.size();
      }
      expand(i);
      tell_onlooker(states_.size() - i - 1);
      report.complete = i + 1 == states_.size();
    }
    report.complete = report.complete && broken_.empty();
    report.states = states_.size();
    report.transitions = transitions_;
    report.broken = broken_;
    space_.count(report);
    if (!broken_.empty()) report.story = story(report.path);
    return report;
  }

 private:
  void tell_onlooker(std::uint64_t waiting) {
    if (!onlooker_ || transitions_ < next_telling_) return;
    next_telling_ = transitions_ + told_after;
    onlooker_({states_.size(), transitions_, waiting});
  }

  // In a fresh group the nodes differ by name only. So the first to do anything may be called 1,
  // the first of the others 2: a third of the third of all behaviours stands for all of them.
  bool may_act(const State& s, std::uint64_t node) const {
    return limits_.start != Start::fresh || node == 0 || touched(s, node - 1);
  }
  bool touched(const State& s, std::uint64_t node) const {
    if (space_.replica_number(s.sites[node]) != untouched_[node]) return true;
    for (const std::uint32_t site : s.sites)
      if ((space_.writers(site) >> (node + 1) & 1U) != 0) return true;
    return false;
  }

  void expand(std::uint32_t from) {
    const State s = states_[from];
    for (std::uint64_t node = 0; node < nodes && broken_.empty(); ++node) {
      if (!may_act(s, node)) continue;
      for (const Edge& edge : space_.edges(s.sites[node])) {
        if (!affordable(space_.outcome(edge.outcome).act, histories_[s.history], limits_)) continue;
        follow(from, s, node, edge);
        if (!broken_.empty()) break;
      }
    }
  }

  // Where an edge leads: to several states if messages are lost on the way.
  struct Step {
    std::vector<State> next;
    std::string broken;
  };
  Step step(const State& s, std::uint64_t node, const Edge& edge) {
    const Outcome& outcome = space_.outcome(edge.outcome);
    if (!outcome.broken.empty()) return {{}, outcome.broken};
    Step step{{s}, {}};
    State& first = step.next.front();
    first.sites[node] = edge.target;
    if (outcome.facts != 0) {
      History history = histories_[s.history];
      step.broken = observe(history, space_.facts(outcome.facts), node + 1, briefs(first));
      first.history = histories_.number(std::move(history)).number;
    }
    for (const std::uint32_t letter : outcome.letters) {
      const std::uint64_t to = space_.letter(letter).to.value - 1;
      const std::size_t ways = step.next.size();
      for (std::size_t i = 0; i < ways; ++i) {
        const std::vector<std::uint32_t>& sites = space_.with(step.next[i].sites[to], letter);
        for (std::size_t other = 1; other < sites.size(); ++other) {
          step.next.push_back(step.next[i]);
          step.next.back().sites[to] = sites[other];
        }
        step.next[i].sites[to] = sites.front();
      }
    }
    return step;
  }

  void follow(std::uint32_t from, const State& s, std::uint64_t node, const Edge& edge) {
    auto [ways, broken] = step(s, node, edge);
    for (std::size_t i = 0; i < ways.size() && broken.empty(); ++i) {
      ++transitions_;
      if (!states_.number(ways[i]).fresh) continue;
      parents_.push_back(from);
      broken = broken_state(histories_[ways[i].history], briefs(ways[i]));
    }
    if (broken.empty()) return;
    broken_ = std::move(broken);
    last_ = {from, node, edge.outcome};
  }

  Briefs briefs(const State& s) const {
    Briefs out{};
    for (std::uint64_t i = 0; i < nodes; ++i) out[i] = &space_.brief_at(s.sites[i]);
    return out;
  }

  struct Move {
    std::uint32_t from = 0;
    std::uint64_t node = 0;
    std::uint32_t outcome = 0;
  };

  // Only states are kept; what led from one to the next is looked for again.
  Move move_to(std::uint32_t target) {
    const std::uint32_t from = parents_[target];
    const State s = states_[from];
    for (std::uint64_t node = 0; node < nodes; ++node)
      for (const Edge& edge : space_.edges(s.sites[node])) {
        const auto& [ways, broken] = step(s, node, edge);
        if (broken.empty() && std::ranges::find(ways, states_[target]) != ways.end())
          return {from, node, edge.outcome};
      }
    ensure(false);
    return {};
  }

  std::vector<std::string> story(std::uint64_t& number) {
    std::vector<Move> moves{last_};
    while (moves.back().from != 0) moves.push_back(move_to(moves.back().from));
    std::vector<std::string> lines;
    for (auto move = moves.rbegin(); move != moves.rend(); ++move) {
      const std::uint32_t site = states_[move->from].sites[move->node];
      bool head = true;
      for (const std::string& line : told(space_, site, space_.outcome(move->outcome), limits_)) {
        lines.push_back((head ? std::to_string(++number) + ". " : "   ") + line);
        head = false;
      }
    }
    lines.push_back(broken_);
    return lines;
  }

  Limits limits_;
  Onlooker onlooker_;
  std::uint64_t next_telling_ = told_after;
  Space space_;
  std::array<std::uint32_t, nodes> untouched_{};
  Numbered<History> histories_;
  Numbered<State> states_;
  std::vector<std::uint32_t> parents_;
  std::uint64_t transitions_ = 0;
  std::string broken_;
  Move last_;
};

}  // namespace

std::string text(const Limits& limits) {
  const auto say = [](unsigned number, const char* what) {
    return ", " + std::to_string(number) + " " + what;
  };
  return std::string(limits.start == Start::fresh ? "fresh group" : "after a split") +
         ", pre-vote " + (limits.pre_vote ? "on" : "off") + say(limits.terms, "terms") +
         say(limits.entries, "entries of clients") + say(limits.crashes, "crashes") +
         (limits.timers == 0 ? ", any number of timers" : say(limits.timers, "timers fire")) +
         say(limits.rounds, "rounds of a leader") +
         (limits.letters == 0 ? ", messages lost, doubled and in any order"
                              : say(limits.letters, "messages on their way to each node"));
}

Report search(const Limits& limits, const Onlooker& onlooker) {
  return Search(limits, onlooker).run();
}

}  // namespace bowline::sim::small

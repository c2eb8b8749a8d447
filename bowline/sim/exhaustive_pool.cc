// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/exhaustive_pool.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/sim/exhaustive_history.h"
#include "bowline/sim/exhaustive_numbered.h"
#include "bowline/sim/exhaustive_space.h"
#include "bowline/sim/exhaustive_start.h"

namespace bowline::sim::small {
namespace {

// What the three nodes have promised and written down, and what was observed.
struct Cell {
  std::array<std::uint32_t, nodes> kinds{};
  std::array<std::uint32_t, nodes> votes{};  // given to a candidate, by letters on their way
  std::uint32_t history = 0;
  std::uint64_t hash() const {
    std::uint64_t hash = history;
    for (std::uint64_t i = 0; i < nodes; ++i)
      hash = mixed(hash, (std::uint64_t{kinds[i]} << 32) | votes[i]);
    return hash;
  }
  friend bool operator==(const Cell&, const Cell&) = default;
};

// By node: a set each.
using Sets = std::array<std::uint32_t, nodes>;

// Everything that was seen together with the promises of a cell. Any of it is taken to go with any
// other of it.
struct Pool {
  Sets crowd{};  // of replicas
  Sets mail{};   // of letters
  friend bool operator==(const Pool&, const Pool&) = default;
};

struct Road {
  std::uint32_t target = 0;
  std::uint8_t node = 0;
  friend auto operator<=>(Road, Road) = default;
};

class Proof {
 public:
  Proof(const Limits& limits, Onlooker onlooker)
      : limits_(limits), onlooker_(std::move(onlooker)), space_(limits) {
    Cell first;
    Pool pool;
    const std::vector<Replica> replicas = starting(limits);
    for (std::uint64_t i = 0; i < nodes; ++i) {
      untouched_[i] = space_.number(replicas[i]);
      first.kinds[i] = space_.kind_of(untouched_[i]);
      pool.crowd[i] = space_.set({untouched_[i]});
    }
    first.history = histories_.number({}).number;
    merge(cell(first), pool);
  }

  Report run() {
    Report report;
    std::vector<std::uint32_t> round;
    while (!queue_.empty() && broken_.empty() && cells_.size() < limits_.states) {
      round.swap(queue_);
      queue_.clear();
      ++report.depth;
      std::uint64_t left = round.size();
      for (const std::uint32_t number : round) {
        queued_[number] = false;
        if (broken_.empty()) expand(number);
        tell_onlooker(--left + queue_.size());
      }
    }
    report.complete = queue_.empty() && broken_.empty();
    report.states = cells_.size();
    report.transitions = transitions_;
    report.broken = broken_;
    space_.count(report);
    return report;
  }

 private:
  void tell_onlooker(std::uint64_t waiting) {
    if (!onlooker_ || transitions_ < next_telling_) return;
    next_telling_ = transitions_ + told_after;
    onlooker_({cells_.size(), transitions_, waiting});
  }

  std::uint32_t cell(const Cell& one) {
    const auto [number, fresh] = cells_.number(one);
    if (!fresh) return number;
    pools_.emplace_back();
    done_.emplace_back();
    queued_.push_back(false);
    roads_.emplace_back();
    for (std::uint64_t i = 0; i < nodes; ++i) pools_.back().mail[i] = one.votes[i];
    const std::string broken = broken_state(histories_[one.history], briefs(one));
    if (!broken.empty()) broken_ = broken;
    return number;
  }

  void merge(std::uint32_t number, const Pool& more) {
    Pool& pool = pools_[number];
    const Cell& at = cells_[number];
    Pool joined = pool;
    for (std::uint64_t i = 0; i < nodes; ++i) {
      joined.crowd[i] = space_.join(pool.crowd[i], more.crowd[i]);
      joined.mail[i] = space_.join(pool.mail[i], space_.living(more.mail[i], at.kinds[i]));
    }
    if (joined == pool) return;
    pool = joined;
    if (queued_[number]) return;
    queued_[number] = true;
    queue_.push_back(number);
  }

  Briefs briefs(const Cell& one) const {
    Briefs out{};
    for (std::uint64_t i = 0; i < nodes; ++i) out[i] = &space_.brief_of_kind(one.kinds[i]);
    return out;
  }

  bool touched(const Pool& pool, std::uint64_t node) const {
    const auto& crowd = space_.members(pool.crowd[node]);
    if (crowd.size() > 1 || crowd.front() != untouched_[node]) return true;
    for (const std::uint32_t mail : pool.mail)
      for (const std::uint32_t letter : space_.members(mail))
        if (space_.letter(letter).from.value == node + 1) return true;
    return false;
  }
  bool may_act(const Pool& pool, std::uint64_t node) const {
    return limits_.start != Start::fresh || node == 0 || touched(pool, node - 1);
  }

  // What one node did, by where it led.
  struct Gain {
    std::vector<std::uint32_t> replicas;
    std::array<std::vector<std::uint32_t>, nodes> letters;
  };
  using Gains = std::map<Road, Gain>;

  // Only what is new since the last time is stepped: new replicas, and old ones with new letters.
  void expand(std::uint32_t number) {
    const Pool pool = pools_[number];
    Gains gains;
    for (std::uint8_t node = 0; node < nodes && broken_.empty(); ++node)
      if (may_act(pool, node)) step_all(number, node, pool, gains);
    if (!broken_.empty()) return;
    for (auto& [road, gain] : gains) {
      std::vector<Road>& roads = roads_[number];
      const auto place = std::ranges::lower_bound(roads, road);
      if (place == roads.end() || *place != road) roads.insert(place, road);
      Pool more;
      more.crowd[road.node] = space_.set(std::move(gain.replicas));
      for (std::uint64_t i = 0; i < nodes; ++i)
        more.mail[i] = space_.set(std::move(gain.letters[i]));
      merge(road.target, more);
    }
    // Whoever did nothing is still there, and so is what is on its way.
    for (const Road& road : roads_[number]) {
      Pool rest = pool;
      rest.crowd[road.node] = 0;
      merge(road.target, rest);
    }
  }

  void step_all(std::uint32_t number, std::uint8_t node, const Pool& pool, Gains& gains) {
    const std::uint32_t old_crowd = std::exchange(done_[number].crowd[node], pool.crowd[node]);
    const std::uint32_t old_mail = std::exchange(done_[number].mail[node], pool.mail[node]);
    const std::vector<std::uint32_t> all = space_.members(pool.mail[node]);
    const std::vector<std::uint32_t> fresh = space_.difference(pool.mail[node], old_mail);
    const std::vector<std::uint32_t> known = space_.members(old_crowd);
    const std::vector<std::uint32_t> crowd = space_.members(pool.crowd[node]);
    for (const std::uint32_t replica : crowd) {
      const bool old = std::ranges::binary_search(known, replica);
      if (!old)
        for (const std::uint32_t outcome : space_.own(replica)) take(number, node, outcome, gains);
      for (const std::uint32_t letter : old ? fresh : all)
        for (const std::uint32_t outcome : space_.heard(replica, letter))
          take(number, node, outcome, gains);
    }
  }

  void take(std::uint32_t from, std::uint8_t node, std::uint32_t number, Gains& gains) {
    const Outcome& outcome = space_.outcome(number);
    Cell next = cells_[from];
    if (!broken_.empty() || !affordable(outcome.act, histories_[next.history], limits_)) return;
    ++transitions_;
    broken_ = outcome.broken;
    if (!broken_.empty()) return;
    next.kinds[node] = space_.kind_of(outcome.after);
    deliver_votes(outcome, node, next);
    if (outcome.facts != 0) {
      History history = histories_[next.history];
      broken_ = observe(history, space_.facts(outcome.facts), node + 1U, briefs(next));
      next.history = histories_.number(std::move(history)).number;
    }
    if (broken_.empty())
      broken_ = broken_commit(histories_[next.history], node + 1U, space_.brief(outcome.after));
    if (!broken_.empty()) return;
    Gain& gain = gains[{cell(next), node}];
    gain.replicas.push_back(outcome.after);
    for (const std::uint32_t letter : outcome.letters)
      if (!space_.is_vote(letter))
        gain.letters[space_.letter(letter).to.value - 1].push_back(letter);
  }

  void deliver_votes(const Outcome& outcome, std::uint8_t node, Cell& next) {
    next.votes[node] = space_.living(next.votes[node], next.kinds[node]);
    for (const std::uint32_t letter : outcome.letters) {
      if (!space_.is_vote(letter)) continue;
      const std::uint64_t to = space_.letter(letter).to.value - 1;
      const std::uint32_t both = space_.join(next.votes[to], space_.set({letter}));
      next.votes[to] = space_.living(both, next.kinds[to]);
    }
  }

  Limits limits_;
  Onlooker onlooker_;
  std::uint64_t next_telling_ = told_after;
  Space space_;
  std::array<std::uint32_t, nodes> untouched_{};
  Numbered<History> histories_;
  Numbered<Cell> cells_;
  std::vector<Pool> pools_;
  std::vector<Pool> done_;
  std::vector<bool> queued_;
  std::vector<std::vector<Road>> roads_;
  std::vector<std::uint32_t> queue_;
  std::uint64_t transitions_ = 0;
  std::string broken_;
};

}  // namespace

Report prove(const Limits& limits, const Onlooker& onlooker) {
  return Proof(limits, onlooker).run();
}

}  // namespace bowline::sim::small

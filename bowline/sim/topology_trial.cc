// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/topology_trial.h"

#include <algorithm>
#include <array>
#include <memory>

#include "bowline/sim/witnesses.h"
#include "bowline/sim/world.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::array<NodeId, Topology::nodes> everybody{NodeId{1}, NodeId{2}, NodeId{3}, NodeId{4},
                                                        NodeId{5}};

// How often somebody became leader.
class Elections : public Witness {
 public:
  void stepped(const Site&, const raft::Input&, const raft::Effects& effects) override {
    for (const raft::Effect& effect : effects)
      if (const auto* change = std::get_if<raft::RoleChanged>(&effect))
        if (change->role == raft::Role::leader) ++won_;
  }
  std::uint32_t won() const { return won_; }

 private:
  std::uint32_t won_ = 0;
};

std::string seconds(Duration d) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) + " ms";
}

Plan plan_of(const TopologyCase& one, const TopologySetting& setting) {
  Plan plan = calm_plan(Topology::nodes, one.seed);
  plan.options = setting.options;
  plan.climate.tells_suspicions = setting.suspicions;
  plan.climate.suspicion = 5ms;
  return plan;
}

class Trial {
 public:
  Trial(const TopologyCase& one, const TopologySetting& setting)
      : case_(one), promise_(setting.promise), world_(plan_of(one, setting)) {
    witnesses_ = standard_witnesses(world_, world_.plan());
    for (const auto& witness : witnesses_) world_.watch(*witness);
    world_.watch(elections_);
    if (setting.onlooker != nullptr) world_.watch(*setting.onlooker);
  }

  TopologyOutcome run() {
    if (!begin()) fail("the group did not even start");
    if (fine()) break_links();
    if (fine()) settle();
    if (fine()) look_on();
    if (fine() && outcome_.verdict != TopologyVerdict::live) recover();
    if (world_.violation()) {
      outcome_.failure = world_.violation()->invariant + ": " + world_.violation()->what;
    }
    return std::move(outcome_);
  }

 private:
  bool fine() const { return outcome_.failure.empty() && !world_.violation(); }
  void fail(std::string what) {
    if (outcome_.failure.empty()) outcome_.failure = std::move(what);
  }
  Duration election() const { return world_.plan().options.election; }

  bool begin() {
    for (const NodeId id : everybody) world_.start(id);
    world_.campaign(case_.leader);
    if (!world_.run_until([&] { return world_.leader() == case_.leader; }, 2s)) return false;
    world_.run(election() / 2);  // it names the lives of all, and they learn that it is committed
    const Ticket first = write(case_.leader);
    return world_.wait_for(first, 2s) && world_.request(first).committed() &&
           world_.wait_applied(world_.request(first).first.index, 2s);
  }

  // The last entry reaches all but those that lack it; then the links are as the topology says.
  void break_links() {
    if (case_.lacking != 0) {
      for (const NodeId id : everybody)
        if (case_.lacks(id)) world_.cut(case_.leader, id);
      const Ticket last = write(case_.leader);
      const LogId entry = world_.request(last).first;
      const auto spread = [&] {
        return std::ranges::all_of(everybody, [&](NodeId id) {
          return case_.lacks(id) || world_.node(id).site.durable.last() >= entry.index;
        });
      };
      if (!world_.run_until(spread, 500ms)) fail("the last entry did not reach the others");
    }
    for (std::uint32_t i = 0; i < Topology::links; ++i) {
      const auto [a, b] = Topology::link(i);
      world_.heal(a, b);
      if (!case_.topology.has(i)) world_.cut(a, b);
    }
    cut_at_ = world_.now();
    newest_term_ = term();
  }

  // A client that asks everybody who says that it leads, again and again.
  Ticket write(NodeId at) {
    ++writes_;
    open_[at.value - 1] = world_.propose(at, Bytes::copy(std::to_string(writes_)));
    return open_[at.value - 1];
  }
  bool write_where_possible() {
    bool committed = false;
    for (const NodeId id : everybody) {
      const Ticket ticket = open_[id.value - 1];
      const bool open = ticket && world_.request(ticket).open();
      if (ticket && world_.request(ticket).committed() && world_.request(ticket).begun >= asked_) {
        committed_after_ = world_.request(ticket).ended - asked_;
        committed = true;
      }
      if (!open && world_.core(id)->role() == raft::Role::leader) write(id);
    }
    return committed;
  }
  // Until a write that is begun from now on is committed.
  bool commits_within(Duration at_most) {
    asked_ = world_.now();
    while (!world_.violation() && world_.now() < asked_ + at_most) {
      if (write_where_possible()) return true;
      world_.run(50ms);
    }
    return write_where_possible();
  }
  void go_on_until(Time end) {
    asked_ = never;
    while (!world_.violation() && world_.now() < end) {
      write_where_possible();
      world_.run(std::min<Duration>(250ms, end - world_.now()));
    }
  }

  // By the election restriction alone: a quorum of those it reaches has no newer log.
  bool electable(NodeId id, const Topology& topology) const {
    const LogId own = world_.core(id)->outline().last();
    return std::ranges::count_if(everybody, [&](NodeId other) {
             return topology.joined(id, other) && world_.core(other)->outline().last() <= own;
           }) >= Topology::quorum;
  }
  bool anybody_electable(const Topology& topology) const {
    return std::ranges::any_of(everybody, [&](NodeId id) { return electable(id, topology); });
  }

  void settle() {
    const bool live = commits_within(promise_.served * election());
    outcome_.served = committed_after_;
    if (!live) {
      const bool quorum = case_.topology.reaches_quorum();
      outcome_.verdict = quorum ? TopologyVerdict::constrained : TopologyVerdict::no_quorum;
      if (anybody_electable(case_.topology))
        fail("no write was committed within " + std::to_string(promise_.served) +
             " election timeouts, though somebody could lead");
    }
    if (fine()) go_on_until(cut_at_ + promise_.steady * election());
    outcome_.terms = term().value - newest_term_.value;
  }

  void look_on() {
    newest_term_ = term();
    const std::uint32_t before = elections_.won();
    go_on_until(cut_at_ + promise_.end * election());
    outcome_.changes = elections_.won() - before;
    outcome_.steady_terms = term().value - newest_term_.value;
    const bool live = outcome_.verdict == TopologyVerdict::live;
    if (outcome_.changes > (live ? promise_.changes : 0))
      fail("the leader changed " + std::to_string(outcome_.changes) + " times in the steady state");
    if (!live && (world_.leaders() > 0 || outcome_.steady_terms > 0))
      fail("nobody can lead, yet " + std::to_string(world_.leaders()) + " lead, and " +
           std::to_string(outcome_.steady_terms) + " terms began");
    if (!live || !fine()) return;
    if (!commits_within(promise_.served * election()))
      fail("no write is committed after the steady state");
    outcome_.served_later = committed_after_;
  }

  void recover() {
    for (std::uint32_t i = 0; i < Topology::links; ++i)
      if (!case_.topology.has(i) && anybody_electable(case_.topology.with(i)))
        outcome_.helpful.push_back(i);
    if (outcome_.helpful.empty()) return world_.heal_all(), recovers("all links have healed");
    const auto [a, b] = Topology::link(outcome_.helpful[case_.heal % outcome_.helpful.size()]);
    world_.heal(a, b);
    recovers("the link " + std::to_string(a.value) + "-" + std::to_string(b.value) + " has healed");
  }
  void recovers(const std::string& since) {
    if (!commits_within(promise_.recovered * election()))
      fail("no write is committed within " + seconds(promise_.recovered * election()) + " after " +
           since);
    outcome_.recovered = committed_after_;
  }

  Term term() const {
    Term newest;
    for (const NodeId id : everybody) newest = std::max(newest, world_.core(id)->term());
    return newest;
  }

  TopologyCase case_;
  TopologyPromise promise_;
  World world_;
  std::vector<std::unique_ptr<Witness>> witnesses_;
  Elections elections_;
  TopologyOutcome outcome_;
  std::array<Ticket, Topology::nodes> open_{};
  std::uint64_t writes_ = 0;
  Time asked_;
  Duration committed_after_{0};
  Time cut_at_;
  Term newest_term_;
};

}  // namespace

TopologyOutcome run_topology(const TopologyCase& one, const TopologySetting& setting) {
  return Trial(one, setting).run();
}

}  // namespace bowline::sim

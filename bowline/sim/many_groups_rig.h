// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/host/shard.h"
#include "bowline/sim/cables.h"
#include "bowline/sim/notebook.h"
#include "bowline/sim/running.h"
#include "bowline/sim/simulated_network.h"

namespace bowline::sim {

// Three whole nodes with many groups, in true time and good weather.
class ManyGroupsRig {
 public:
  static constexpr std::uint64_t nodes = 3;

  explicit ManyGroupsRig(Duration balance_every = Duration{0},
                         host::Admit admit = host::Admit::nobody, host::Stores stores = {})
      : links_(decisions_, weather_, nodes + 1),
        cables_(links_, climate_, now_, nodes + 1),
        balance_every_(balance_every),
        admit_(admit),
        stores_(std::move(stores)) {
    raft::Options raft;
    raft.hibernate_after = std::chrono::milliseconds(500);
    raft.entry_bytes = Running::log_options(1).most_payload_bytes();
    options_.raft = std::make_shared<const raft::Options>(raft);
    raft::Membership all;
    all.cluster = {7};
    for (std::uint64_t id = 1; id <= nodes; ++id) {
      raft::Member member;
      member.id = {id};
      member.address = Text(SimulatedNetwork::address_of(member.id));
      all.members.push_back(std::move(member));
      bodies_.push_back(std::make_unique<Body>(decisions_, NodeId{id}));
      boot({id});
    }
    founders_ = std::make_shared<const raft::Membership>(std::move(all));
  }

  void boot(NodeId id) {
    Body& at = body(id);
    at.process = std::make_unique<Process>(*this, at, ++boots_);
    std::optional<Result<wal::Account>> opened;
    at.process->shard->open([&](Result<wal::Account> account) { opened = std::move(account); });
    ensure(run_until([&] { return opened.has_value(); }, std::chrono::seconds(1)));
    ensure(opened->has_value());
  }
  void kill(NodeId id) {
    body(id).platter.kill(body(id).chance);
    body(id).process->network.end(Ending::kill);
    body(id).process.reset();
  }
  void lose_power(NodeId id, std::optional<Loss> loss = std::nullopt) {
    body(id).platter.lose_power(body(id).chance, loss);
    body(id).process->network.end(Ending::power);
    body(id).process.reset();
  }
  // From its next process on.
  void adjust(std::function<void(host::Options&)> how) { adjust_ = std::move(how); }
  host::GroupOptions& group_options() { return options_; }  // of all that start from now on
  DiskClimate& climate(NodeId id) { return body(id).process->climate(); }
  void have_snapshots_of(std::uint64_t bytes) { snapshot_bytes_ = bytes; }
  // The disk of a node may fail. Else that ends the test.
  void may_break() { may_break_ = true; }
  bool is_broken(NodeId id) { return body(id).process->broken().has_value(); }
  bool runs(NodeId id) { return body(id).process != nullptr; }
  void pause(NodeId id, bool paused) { body(id).paused = paused; }
  void cut(NodeId a, NodeId b) {
    links_.add_cut(a, b);
    links_.add_cut(b, a);
  }
  void heal(NodeId a, NodeId b) {
    links_.heal(a, b);
    links_.heal(b, a);
  }

  void start(NodeId id, GroupId group) {
    begin(id, group, [](const Result<host::Replica*>& replica) { ensure(replica.has_value()); });
  }
  void begin(NodeId id, GroupId group, env::Done<Result<host::Replica*>> done) {
    Process& process = *body(id).process;
    auto& kept = process.machines[group];
    kept = std::make_unique<Kept>(snapshot_bytes_);
    process.shard->start(group, {options_, founders_}, kept->notebook, std::move(done));
  }
  void start(GroupId group) {
    for (std::uint64_t id = 1; id <= nodes; ++id)
      if (runs({id})) start(NodeId{id}, group);
  }
  void end(NodeId id, GroupId group) { body(id).process->shard->end(group); }
  // What is answered; its process may be killed before.
  using Answer = std::shared_ptr<std::optional<Result<void>>>;
  Answer destroy(NodeId id, GroupId group) {
    auto answer = std::make_shared<std::optional<Result<void>>>();
    body(id).process->shard->destroy(group, [answer](Result<void> done) { *answer = done; });
    return answer;
  }
  bool is_destroyed(const Answer& answer) {
    return run_until([&] { return answer->has_value(); }, std::chrono::seconds(10)) &&
           (*answer)->has_value();
  }
  // Is there a machine of this group, or was it let go?
  bool has_machine(NodeId id, GroupId group) { return body(id).process->machines.contains(group); }
  using ToldNews = std::vector<std::pair<GroupId, host::News>>;
  const ToldNews& news(NodeId id) { return body(id).process->news; }
  std::vector<env::Listed> files(NodeId id) { return body(id).platter.list(); }
  host::Replica* replica(NodeId id, GroupId group) {
    return runs(id) ? body(id).process->shard->find(group) : nullptr;
  }
  host::Shard& shard(NodeId id) { return *body(id).process->shard; }
  // It is now there, too. A machine may advance it: for so long the thread is busy, and hears
  // nothing.
  ProcessLoop& loop(NodeId id) {
    ProcessLoop& loop = body(id).process->loop();
    if (loop.now() < now_) loop.advance(now_);
    return loop;
  }
  // With a machine of the test, which outlives the process.
  void start(NodeId id, GroupId group, machine::StateMachine& machine) {
    body(id).process->shard->start(
        group, {options_, founders_}, machine,
        [](const Result<host::Replica*>& replica) { ensure(replica.has_value()); });
  }

  // A machine on which no node runs, but whatever else has a loop and a network there.
  static constexpr NodeId outside{nodes + 1};
  struct Desk final : Running {
    explicit Desk(ManyGroupsRig& rig)
        : Running(rig.platter_, rig.chance_, rig.clock_, rig.now_, outside),
          network(rig.cables_, outside, loop_, rig.chance_) {}
    env::Clock& clock() { return clock_; }
    SimulatedNetwork network;
  };
  Desk& desk() {
    if (desk_ == nullptr) desk_ = std::make_unique<Desk>(*this);
    if (desk_->loop().now() < now_) desk_->loop().advance(now_);
    return *desk_;
  }

  // Of those that run.
  std::uint64_t count(NodeId id, const std::function<bool(const raft::Core&)>& which) {
    std::uint64_t count = 0;
    for (const auto& [group, machine] : body(id).process->machines)
      if (const host::Replica* const one = replica(id, group); one && which(one->core())) ++count;
    return count;
  }
  std::uint64_t led(NodeId id) {
    return count(id, [](const raft::Core& core) { return core.role() == raft::Role::leader; });
  }
  std::uint64_t asleep(NodeId id) {
    return count(id, [](const raft::Core& core) { return core.asleep(); });
  }
  NodeId leader(GroupId group) {  // 0: nobody leads
    for (std::uint64_t id = 1; id <= nodes; ++id)
      if (const host::Replica* const one = replica({id}, group);
          one != nullptr && one->core().role() == raft::Role::leader)
        return {id};
    return {};
  }
  // It is written and answered by whoever leads, or nobody does.
  bool writes(GroupId group) {
    const NodeId at = leader(group);
    if (!at) return false;
    const auto said = std::make_shared<std::optional<host::Outcome>>();
    replica(at, group)->propose(Bytes::copy("x"),
                                [said](host::Outcome outcome) { *said = std::move(outcome); });
    run_until([&] { return said->has_value(); }, std::chrono::seconds(5));
    return *said && std::holds_alternative<host::Applied>(**said);
  }
  std::uint64_t letters() {
    std::uint64_t sum = 0;
    for (std::uint64_t id = 1; id <= nodes; ++id)
      if (runs({id})) sum += shard({id}).courier().sent().letters;
    return sum;
  }
  std::uint64_t frames() {
    std::uint64_t sum = 0;
    for (std::uint64_t id = 1; id <= nodes; ++id)
      if (runs({id})) sum += shard({id}).courier().sent().frames;
    return sum;
  }

  bool run_until(const std::function<bool()>& holds, Duration at_most) {
    const Time end = now_ + at_most;
    while (!holds())
      if (!step(end)) return false;
    return true;
  }
  void run(Duration span) {
    run_until([] { return false; }, span);
  }

 private:
  struct Kept {
    explicit Kept(std::uint64_t snapshot_bytes)
        : notebook(machine, snapshot_bytes, [](LogId, std::string_view) {}) {}
    Machine machine;
    Notebook notebook;
  };
  struct Body;
  struct Process final : Running {
    Process(ManyGroupsRig& rig, Body& body, std::uint64_t boot)
        : Running(body.platter, body.chance, body.clock, rig.now_, body.self),
          network(rig.cables_, body.self, loop_, body.chance) {
      host::Options options;
      options.self = body.self;
      options.listen = SimulatedNetwork::address_of(body.self);
      options.log = log_options(64 << 10);
      options.boot = boot;
      options.balance_every = rig.balance_every_;
      options.operators.admit = rig.admit_;
      options.stores = rig.stores_;
      if (rig.adjust_) rig.adjust_(options);
      // What a disk has from its first life stays; a store that forgets draws another one.
      const std::uint64_t fresh = body.self.value * 100 + (options.stores.log ? boot : 0);
      const auto breaks = [this, &rig](Error error) {
        ensure(rig.may_break_);
        broken_ = std::move(error);
      };
      const auto tells = [this](GroupId group, const host::News& what) {
        news.emplace_back(group, what);
      };
      shard = std::make_unique<host::Shard>(
          env(), network, std::move(options), Incarnation{fresh},
          host::Shard::Hooks{.broken = breaks, .news = tells, .gone = [this](GroupId group) {
                               machines.erase(group);
                             }});
    }
    SimulatedNetwork network;
    ToldNews news;
    std::map<GroupId, std::unique_ptr<Kept>> machines;
    std::unique_ptr<host::Shard> shard;
  };
  struct Body {  // of a node, whether a process runs or not
    Body(Decisions& decisions, NodeId id)
        : self(id),
          chance(decisions, {.part = Part::node, .a = static_cast<std::uint8_t>(id.value)}) {}
    NodeId self;
    Clock clock{Time{}, Duration{0}, 0};
    Chance chance;
    Platter platter;
    bool paused = false;
    std::unique_ptr<Process> process;
  };

  Body& body(NodeId id) { return *bodies_[id.value - 1]; }
  bool step(Time end) {
    Running* first = nullptr;
    Time when = cables_.next_at();
    if (desk_ != nullptr && desk_->loop().next_at() < when) {
      first = desk_.get();
      when = std::max(desk_->loop().next_at(), now_);
    }
    for (const auto& one : bodies_) {
      if (one->paused || one->process == nullptr) continue;
      const ProcessLoop& loop = one->process->loop();
      const Time next = std::max({loop.next_at(), loop.now(), now_});
      if (next < when) first = one->process.get();
      when = std::min(when, next);
    }
    if (when > end) {
      now_ = end;
      return false;
    }
    now_ = std::max(now_, when);
    if (first == nullptr) {
      cables_.run_next();
    } else {
      ProcessLoop& loop = first->loop();
      loop.advance(std::max(now_, loop.now()));
      loop.run_next();
    }
    return true;
  }

  Decisions decisions_{1};
  Climate weather_;
  StreamClimate climate_;
  Time now_;
  Network links_;
  Cables cables_;
  Duration balance_every_;
  host::Admit admit_;
  host::Stores stores_;
  host::GroupOptions options_;
  raft::MembershipPtr founders_;
  std::function<void(host::Options&)> adjust_;
  bool may_break_ = false;
  std::uint64_t snapshot_bytes_ = 0;
  std::uint64_t boots_ = 1;
  std::vector<std::unique_ptr<Body>> bodies_;
  Clock clock_{Time{}, Duration{0}, 0};  // of the machine outside
  Chance chance_{decisions_, {.part = Part::node, .a = static_cast<std::uint8_t>(nodes + 1)}};
  Platter platter_;
  std::unique_ptr<Desk> desk_;
};

}  // namespace bowline::sim

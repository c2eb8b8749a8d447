// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "bowline/machine/state_machine.h"
#include "bowline/sim/many_groups_rig.h"

namespace bowline::sim {

// For each command its thread is busy for so long, and for each call.
class Busy final : public machine::StateMachine {
 public:
  Busy(ProcessLoop& loop, Duration a_command) : each(a_command), loop_(loop) {}

  void apply(std::span<const machine::Command> commands, std::span<std::string>) override {
    loop_.advance(loop_.now() + call + each * static_cast<std::int64_t>(commands.size()));
    applied += commands.size();
    most = std::max(most, commands.size());
    ++calls;
  }
  std::unique_ptr<machine::Reader> snapshot() override { return nullptr; }  // nobody asks for one
  std::unique_ptr<machine::Writer> restore() override { return nullptr; }

  Duration each;
  Duration call{0};
  std::uint64_t applied = 0;
  std::size_t most = 0;  // in one call
  std::uint64_t calls = 0;

 private:
  ProcessLoop& loop_;
};

// Machines that take their time, on the thread that sends the heartbeats of all groups.
struct SlowMachineRig {
  bool begin(Duration each, std::uint64_t groups = 1) {
    rig.group_options().snapshot_entries = 0;
    rig.group_options().snapshot_bytes = 0;
    for (std::uint64_t group = 1; group <= groups; ++group)
      for (std::uint64_t id = 1; id <= ManyGroupsRig::nodes; ++id) {
        machines.push_back(std::make_unique<Busy>(rig.loop({id}), each));
        rig.start({id}, {group}, *machines.back());
      }
    for (std::uint64_t group = 1; group <= groups; ++group)
      if (!rig.run_until([&] { return rig.writes({group}); }, std::chrono::seconds(30)))
        return false;
    rig.run(std::chrono::seconds(1));
    begun = candidacies();
    return true;
  }
  void propose(GroupId group, std::size_t count, const std::string& command) {
    host::Replica& leader = *rig.replica(rig.leader(group), group);
    for (std::size_t i = 0; i < count; ++i)
      leader.propose(Bytes::copy(command), [this](const host::Outcome& outcome) {
        ++(std::holds_alternative<host::Applied>(outcome) ? done : undone);
      });
  }
  // Another process, whose machine is empty.
  void start_again(NodeId id, Duration each) {
    rig.kill(id);
    rig.boot(id);
    machines.push_back(std::make_unique<Busy>(rig.loop(id), each));
    rig.start(id, GroupId{1}, *machines.back());
    begun = candidacies();
  }
  bool all_applied(std::uint64_t count, Duration within) {
    const auto has_all = [&](const auto& machine) { return machine->applied == count; };
    return rig.run_until([&] { return std::ranges::all_of(machines, has_all); }, within);
  }
  std::uint64_t candidacies() {
    std::uint64_t sum = 0;
    for (std::uint64_t id = 1; id <= ManyGroupsRig::nodes; ++id)
      sum += rig.shard({id}).meters().counters.candidacies;
    return sum;
  }
  std::size_t most() const {  // in one call of any of them
    std::size_t most = 0;
    for (const auto& machine : machines) most = std::max(most, machine->most);
    return most;
  }

  ManyGroupsRig rig;
  std::vector<std::unique_ptr<Busy>> machines;
  std::uint64_t begun = 0;
  std::uint64_t done = 0;
  std::uint64_t undone = 0;
};

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/history.h"

#include <array>
#include <memory>

#include "bowline/base/ensure.h"
#include "bowline/sim/liveness.h"
#include "bowline/sim/side_groups.h"
#include "bowline/sim/weather.h"
#include "bowline/sim/witnesses.h"
#include "bowline/sim/workload.h"
#include "bowline/sim/world.h"
#include "bowline/words/describe.h"

namespace bowline::sim {
namespace {

const World* the_running_world = nullptr;
const Decisions* the_running_decisions = nullptr;

// Not all nodes come up at the same moment.
void start_all(World& world) {
  for (std::uint64_t i = 1; i <= world.sites(); ++i) {
    const std::uint64_t late = mixed(world.plan().tie_seed, i) % 300;
    world.restart_later(NodeId{i}, std::chrono::milliseconds(world.plan().tie_seed ? late : 0));
  }
}

History so_far(const World& world) {
  History history;
  history.seed = world.plan().seed;
  history.hash = world.hash();
  history.violation = world.violation();
  history.counters = world.counters();
  history.virtual_time = world.now().since_start;
  return history;
}

}  // namespace

std::string_view name(Excuse excuse) {
  constexpr std::array<std::string_view, excuses> names{"none", "priorities", "rotten",
                                                        "lost_disks"};
  return names[static_cast<std::size_t>(excuse)];
}

History run_plan(const Plan& plan, const Settings& settings, Decisions& decisions,
                 const Onlookers& onlookers) {
  std::unique_ptr<Play> play;  // outlives the world
  World world(plan, &decisions);
  if (plan.kv) {
    ensure(the_kv_stage != nullptr);
    play = the_kv_stage(world);
    world.stage(*play);
  }
  the_running_world = &world;
  the_running_decisions = &decisions;
  std::vector<std::unique_ptr<Witness>> witnesses;
  if (settings.witnesses) witnesses = standard_witnesses(world, plan);
  for (const auto& witness : witnesses) world.watch(*witness);
  if (play && settings.witnesses) world.watch(play->witness());
  if (onlookers)
    for (Witness* onlooker : onlookers(world)) world.watch(*onlooker);

  Weather weather(world);
  Workload workload(world);
  SideGroups side_groups(world, decisions);
  start_all(world);
  world.run(plan.weather_ends - world.now());
  Liveness liveness(world, weather, workload, decisions);
  if (!world.violation()) liveness.run();

  world.end();
  the_running_world = nullptr;
  the_running_decisions = nullptr;
  History history = so_far(world);
  history.excuse = liveness.excuse();
  history.leader_after = liveness.leader_after();
  history.level_after = liveness.level_after();
  return history;
}

History run_history(std::uint64_t seed, const Settings& settings, Decisions* decisions,
                    const Onlookers& onlookers) {
  Decisions own(seed);
  Decisions& used = decisions == nullptr ? own : *decisions;
  return run_plan(draw_plan(used, settings), settings, used, onlookers);
}

std::uint64_t running_seed() {
  return the_running_world == nullptr ? 0 : the_running_world->plan().seed;
}

History running_history() {
  return the_running_world == nullptr ? History{} : so_far(*the_running_world);
}

Recording running_draws() {
  return the_running_decisions == nullptr ? Recording{} : the_running_decisions->recording();
}

std::string describe_running() {
  std::string text;
  if (the_running_world == nullptr) return text;
  const World& world = *the_running_world;
  for (std::uint64_t i = 1; i <= world.sites(); ++i) {
    const raft::Core* core = world.core(NodeId{i});
    text += "node " + std::to_string(i) + ": ";
    text += core == nullptr ? "down" : raft::text(*core);
    text += "\n";
  }
  return text;
}

}  // namespace bowline::sim

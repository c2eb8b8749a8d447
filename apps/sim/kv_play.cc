// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/kv_play.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace bowline::apps {
namespace {

using namespace std::chrono_literals;

// What it is called for is the rest of the number.
constexpr std::uint32_t kinds = 3;
constexpr std::uint32_t keeps_alive = 0;
constexpr std::uint32_t reopens = 1;
constexpr std::uint32_t looks = 2;

// Longer than any lease has, by any clock, with what a new leader adds.
constexpr Duration all_leases_end = 15s;
constexpr Duration between_looks = 50ms;

}  // namespace

KvPlay::KvPlay(sim::World& world)
    : scene_{.world = world, .record = {}, .told = {}, .programs = {}, .promises = {}},
      clients_(scene_),
      watchers_(scene_) {
  clients_.remind = [this](Duration after, std::uint64_t what) {
    remind(keeps_alive, after, what);
  };
  watchers_.remind = [this](Duration after, std::uint64_t what) { remind(reopens, after, what); };
}

void KvPlay::remind(std::uint32_t kind, Duration after, std::uint64_t what) {
  scene_.world.call_at(scene_.world.now() + after, *this,
                       static_cast<std::uint32_t>(what) * kinds + kind);
}

void KvPlay::called(std::uint32_t what) {
  if (what % kinds == keeps_alive) return clients_.keep_on(what / kinds);
  if (what % kinds == reopens) return watchers_.reopen(what / kinds);
  clients_.look(NodeId{what / kinds});
}

std::unique_ptr<sim::Program> KvPlay::program(NodeId id) {
  return std::make_unique<KvProgram>(scene_, id);
}

Bytes KvPlay::command(const Bytes& text) {
  return Bytes::own(kv::encode(kv::Command(kv::Put{.key = "direct", .value = text.view()})));
}

void KvPlay::act(const sim::Operation& operation, NodeId at) {
  kv::RandomRequests random(operation.amount);
  random.now_at(scene_.record.model().revision(), scene_.record.model().compacted());
  if (operation.act == sim::Act::read) {
    kv::Range range = random.range();
    range.serializable = random.prng().chance(40);
    return clients_.range(range, at);
  }
  const std::uint64_t count = 1 + random.prng().below(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (random.prng().chance(15)) {
      watchers_.act(random, at);
    } else {
      clients_.act(random, at);
    }
  }
}

// ---- what it sees

void KvPlay::stepped(const sim::Site& site, const raft::Input& input,
                     const raft::Effects& effects) {
  if (site.given_up) return;
  for (const raft::Effect& effect : effects)
    if (const auto* news = std::get_if<raft::RoleChanged>(&effect);
        news != nullptr && news->role == raft::Role::leader) {
      clients_.leads(news->term);
      remind(looks, 1ms, site.id.value);
    }
  const auto* const propose = std::get_if<raft::Propose>(&input);
  if (propose == nullptr) return;
  for (const Bytes& command : propose->commands)
    scene_.record.proposed(command.view(), scene_.world.now());
}

// What the survivor's log does not hold never happened, and nobody was told of it. See
// World::give_up_others().
void KvPlay::forced(const sim::Site& site, ClusterId) {
  scene_.record.keep([&](LogId id) {
    if (id.index >= site.durable.last()) return false;
    const sim::Line* const line = site.durable.at(id.index);
    return id.index <= site.durable.base.id.index || (line != nullptr && line->entry.id == id);
  });
  scene_.told = std::min(scene_.told, scene_.record.last());
  scene_.promises.clear();
  clients_.excuse();
  watchers_.forget();
}

// ---- the end

std::string KvPlay::unsettled(const std::function<bool(NodeId)>& works) {
  for (const auto& [id, lease] : scene_.record.leases())
    if (scene_.record.has_lease(id, scene_.record.last()))
      return "lease " + std::to_string(id) + " does not end";
  if (const std::string missing = watchers_.missing(); !missing.empty()) return missing;
  for (const auto& [id, program] : scene_.programs) {
    if (!works(id)) continue;
    if (program->applied() < scene_.record.last())
      return "node " + std::to_string(id.value) + " is behind";
    if (program->map().store().can_sweep())
      return "node " + std::to_string(id.value) + " does not forget what is compacted";
  }
  const std::string open = clients_.open_call(works);
  return open.empty() ? open : open + " is never answered";
}

std::string KvPlay::settle(const std::function<bool(NodeId)>& works, Duration election) {
  sim::World& world = scene_.world;
  const Time begun = world.now();
  const Time last = begun + all_leases_end + election * 20;
  bool compacted = false;
  std::string missing;
  while (!world.violation() && world.now() < last) {
    watchers_.settle(works);
    const NodeId leader = world.leader();
    if (!compacted && works(leader)) {
      compacted = true;
      clients_.compact(scene_.record.model().revision(), leader);
    }
    missing = unsettled(works);
    if (missing.empty()) break;
    world.run(between_looks);
  }
  if (!missing.empty()) return missing;
  for (const auto& [id, program] : scene_.programs)
    if (works(id)) scene_.wrong("I21", program->state_fault());
  return {};
}

void enter_kv() {
  sim::the_kv_stage = [](sim::World& world) -> std::unique_ptr<sim::Play> {
    return std::make_unique<KvPlay>(world);
  };
}

}  // namespace bowline::apps

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>

#include "bowline/sim/shadow.h"
#include "bowline/sim/world.h"

// Each node has a disk, and on it a real log. Beside it the world keeps an image of what the log
// has to hold, and after each crash the one has to explain the other.
namespace bowline::sim {
// No time passes. False: it cannot be opened, which is a violation.
bool World::open_log(Node& node) {
  Site& site = node.site;
  node.platter.lift_limit();  // no start waits for space: that is told elsewhere
  node.process = std::make_unique<Process>(node.platter, node.platter_chance, node.clock, now_,
                                           wal::Owner{.cluster = {}, .node = site.id},
                                           site.incarnation, plan_.climate.tail_bytes);
  const auto wrong = [&](const std::string& what) {
    violated({"I10", "the log of node " + std::to_string(site.id.value) + ": " + what});
    return false;
  };
  if (!node.process->refusal().empty()) return wrong(node.process->refusal());
  if (node.process->account().identity.disk != site.incarnation)
    return wrong("it is of another life of the node");
  if (node.founds) site.durable = {};
  counters_.batches_mended += node.process->account().mended;
  std::string what = explain(node.process->found(), node.under_way, site.durable);
  node.under_way.clear();
  if (what.empty()) what = take_damage(site, node.process->found());
  if (!what.empty()) return wrong(what);
  give_up_others(node);  // only now is it known whether that was on disk when it crashed
  node.forcing = {};
  site.written = site.durable;
  return true;
}

// Only what was hurt may be lost. What was hurt and is not lost the log had elsewhere, too.
std::string World::take_damage(Site& site, const raft::Found& found) {
  const raft::Damage damage(found.damaged);
  for (const raft::Stretch& stretch : damage.stretches())
    for (Index i = stretch.first; i <= stretch.last; i = i.next())
      if (!site.durable.rotten.covers(i))
        return "it lost entry " + std::to_string(i.value) + ", which nothing had hurt";
  site.durable.rotten = damage;
  return {};
}

// Before the core lives: what must be on disk then.
void World::write_at_once(Node& node, const Write& write) {
  node.process->found_with(persist_of(write));
  static_cast<void>(node.process->persisted());
  if (!sim::apply(write, node.site.durable))
    violated({"I25", "a node cannot begin its log where its snapshot ends"});
  node.site.written = node.site.durable;
}

void World::let_climate_in(Node& node) {
  const Climate& climate = plan_.climate;
  DiskClimate& disk = node.running()->climate();
  disk.floor = climate.sync_floor;
  disk.write = disk.names = disk.read = climate.sync_floor;
  disk.each_block = Duration(200);
  disk.sync = climate.sync;
  disk.slower = node.disk_slower;
  disk.slow = climate.slow_sync;
  disk.of(Mishap::slow) = climate.slow_sync_ppm;
  disk.of(Mishap::failed_write) = climate.failed_write_ppm / 20;
  disk.of(Mishap::failed_sync) = climate.failed_write_ppm / 20;
}

void World::take_over(Node& node, const raft::Persist& persist) {
  std::optional<Write> write = prepared(persist, node.site);
  if (!write || !sim::apply(*write, node.site.written))
    return violated({"I25", "node " + std::to_string(node.site.id.value) +
                                " asked for a write that makes no sense for its log"});
  ++counters_.writes;
  mix(write->entries.size());
  node.under_way.push_back(*std::move(write));
  let_climate_in(node);
  if (node.process) {
    if (node.process->loop().now() < now_) node.process->loop().advance(now_);
    node.process->submit(persist);
  }
  if (now_ < node.struck_until)
    strike_during(node, plan_.climate.sync_floor * 2 + plan_.climate.sync + node.disk_slower);
  arm_process(node);
}

void World::arm_process(Node& node) {
  if (node.running() == nullptr) return;
  const Time at = std::max(node.running()->loop().next_at(), now_);
  if (at >= node.process_at) return;
  node.process_at = at;
  agenda_.add({.at = at,
               .what = What::process,
               .node = Node::small(node.site.id),
               .slot = 0,
               .life = node.site.life});
}

void World::run_process(Node& node, const Event& event) {
  if (event.at != node.process_at) return;  // it was called earlier since
  node.process_at = never;
  if (node.pauses > 0) return;
  ProcessLoop& loop = node.running()->loop();
  loop.advance(std::max(now_, loop.now()));
  while (loop.next_at() <= now_ && !violation_) loop.run_next();
  arm_cables();
  if (node.running()->broken()) {
    agenda_.add({.at = now_,
                 .what = What::broken,
                 .node = Node::small(node.site.id),
                 .slot = 0,
                 .life = node.site.life});
    return;
  }
  if (node.process) take_reports(node);
  arm_process(node);
}

void World::take_reports(Node& node) {
  for (const Seq seq : node.process->persisted()) {
    if (violation_) return;
    reported(node, seq);
  }
  for (const raft::Stretch& lost : node.process->lost()) notice_rot(node, lost, false);
  for (const bool full : node.process->fullness()) space_changed(node, full);
  for (Process::Answer& answer : node.process->answers()) {
    if (violation_) return;
    answered(node, std::move(answer));
  }
}

// A leader that cannot write hands over to one that can.
void World::space_changed(Node& node, bool full) {
  if (full) ++counters_.full;
  if (!full && !node.process->idle()) ++counters_.waited_for_space;
  note({full ? Note::What::full : Note::What::room, node.site.id, {}, 0});
  give(node.site.id, raft::Fullness{full});
  if (full && node.site.core->role() == raft::Role::leader) transfer(node.site.id);
}

void World::reported(Node& node, Seq seq) {
  became_durable(node, seq);
  if (!violation_) step(node, raft::Persisted{seq});
}

void World::became_durable(Node& node, Seq seq) {
  Site& site = node.site;
  const std::string who = "node " + std::to_string(site.id.value);
  const bool truth = node.whole ? node.whole->tells_the_truth() : node.process->tells_the_truth();
  if (!truth)
    return violated({"I9", "the log of " + who + " reports a write that is not on its disk"});
  while (!node.under_way.empty() && node.under_way.front().seq <= seq) {
    const Write write = std::move(node.under_way.front());
    node.under_way.pop_front();
    counters_.entries_mended += write.repaired.size();
    if (!sim::apply(write, site.durable))
      return violated({"I25", who + " asked for a write that makes no sense for its disk"});
    give_up_others(node);
    for (Witness* witness : witnesses_) witness->persisted(site, write.seq);
  }
}

}  // namespace bowline::sim

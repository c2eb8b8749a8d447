// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>

#include "bowline/base/mutant.h"
#include "bowline/sim/world.h"

namespace bowline::sim {

void World::apply(Node& node) {
  Site& site = node.site;
  while (!violation_ && site.machine.applied.index < node.apply_through) {
    const Line* line = site.written.at(site.machine.applied.index.next());
    if (line == nullptr)
      return violated({"I14", "node " + std::to_string(site.id.value) +
                                  " is to apply what its log does not hold"});
    apply_one(node, *line);
  }
  serve_reads(node);
  snapshot_if_due(node);
}

void World::apply_one(Node& node, const Line& line) {
  Machine& machine = node.site.machine;
  machine.applied = line.entry.id;
  machine.digest = extended(machine.digest, line.entry);
  if (planted(Bug::p99_canary) && line.entry.id.index == Index{100}) ++machine.digest;
  if (keeps_journals_ && line.entry.kind == raft::Kind::command)
    node.journal.push_back(line.entry.payload);
  ++counters_.entries_applied;
  for (Witness* witness : witnesses_) witness->applied(node.site, line);
}

void World::serve_reads(Node& node) {
  std::size_t kept = 0;
  for (const AllowedRead& read : node.reads) {
    if (read.index > node.site.machine.applied.index) {
      node.reads[kept++] = read;
      continue;
    }
    Request& request = requests_[read.ticket.value - 1];
    request.state = Request::State::served;
    request.ended = now_;
    ++counters_.reads_served;
    if (request.kind == Request::Kind::read) check_read(node, read.ticket);
    for (Witness* witness : witnesses_) witness->read_served(read.ticket, node.site);
    tell_closed(read.ticket);
  }
  node.reads.resize(kept);
}

void World::snapshot_if_due(Node& node) {
  const std::uint64_t every = plan_.climate.snapshot_every;
  const Site& site = node.site;
  if (every == 0 || site.machine.applied.index < site.snapshot.base.id.index + every) return;
  take_snapshot(site.id);
}

void World::take_snapshot(NodeId id) {
  Node& node = mine(id);
  Site& site = node.site;
  if (!node.up() || node.taking || node.pauses > 0 || violation_) return;
  if (node.whole) {
    node.whole->replica().take_snapshot({});
    return arm_process(node);
  }
  const Index at = site.machine.applied.index;
  if (at <= site.snapshot.base.id.index || at > site.core->commit()) return;
  if (at < site.core->outline().base().index) return;
  Snapshot snapshot{site.core->base_at(at), site.machine.digest};
  node.taking = std::move(snapshot);
  agenda_.add({.at = now_ + node.disk_chance.exponential("snapshot", plan_.climate.snapshot),
               .what = What::snapshot,
               .node = Node::small(id),
               .slot = 0,
               .life = site.life});
}

// It is durable; only now may the log forget what it covers.
void World::snapshot_done(Node& node) {
  Site& site = node.site;
  if (!node.taking) return;
  Snapshot snapshot = *std::move(node.taking);
  node.taking.reset();
  if (snapshot.base.id.index <= site.snapshot.base.id.index) return;
  site.snapshot = std::move(snapshot);
  ++counters_.snapshots_taken;
  for (Witness* witness : witnesses_) witness->snapshot_taken(site);
  const std::uint64_t covered = site.snapshot.base.id.index.value;
  if (covered <= plan_.climate.keeps_behind) return;
  const Index through{covered - plan_.climate.keeps_behind};
  if (through > site.core->outline().base().index) step(node, raft::Compacted{through});
}

void World::perform(Node& node, raft::Restore& restore) {
  const Duration takes = node.transfer_chance.exponential("fetch", plan_.climate.fetch);
  const NodeId id = node.site.id;
  agenda_.add({.at = now_ + plan_.climate.latency_floor + takes,
               .what = What::fetched,
               .node = Node::small(id),
               .slot = fetches_.put({restore.from, restore.base, false, id}),
               .life = node.site.life});
  if (!site(restore.from)) return;
  // The sender learns that its part is over, whatever became of the other side.
  agenda_.add({.at = now_ + takes + plan_.climate.latency_floor * 2,
               .what = What::fetched,
               .node = Node::small(restore.from),
               .slot = fetches_.put({restore.from, {}, true, id}),
               .life = mine(restore.from).site.life});
}

// Any snapshot will do that covers enough, from whoever can be reached.
const Node* World::source_for(Node& node, const Fetch& fetch) {
  std::vector<const Node*> sources;
  for (const Node& other : nodes_) {
    const NodeId id = other.site.id;
    if (id == node.site.id || !other.up() || !network_.joined(id, node.site.id)) continue;
    if (other.site.snapshot.base.id.index < fetch.base.id.index) continue;
    if (other.site.given_up != node.site.given_up) continue;  // of another cluster
    if (id == fetch.from) {
      sources.insert(sources.begin(), &other);
    } else {
      sources.push_back(&other);
    }
  }
  if (sources.empty()) return nullptr;
  return sources[node.transfer_chance.below("source", sources.size())];
}

void World::fetched(Node& node, Fetch fetch) {
  if (fetch.sender_side) {
    if (node.up()) give(node.site.id, raft::SnapshotEnded{fetch.to});
    return;
  }
  const Node* source = source_for(node, fetch);
  if (source == nullptr ||
      node.transfer_chance.happens("fetch fails", plan_.climate.fetch_fails_ppm)) {
    ++counters_.fetches_failed;
    return step(node, raft::RestoreFailed{fetch.base.id});
  }
  ++counters_.snapshots_fetched;
  const Snapshot snapshot = source->site.snapshot;
  install(node, snapshot);
  step(node, raft::Restored{snapshot.base});
}

// What we have may have become newer while the fetch was under way. Then it stays.
void World::install(Node& node, const Snapshot& snapshot) {
  Site& site = node.site;
  const Index through = snapshot.base.id.index;
  const bool overtaken = through <= site.machine.applied.index;
  if (through > site.snapshot.base.id.index) site.snapshot = snapshot;
  if (overtaken && !planted(Bug::p21_installs_older_snapshot)) return;
  site.snapshot = snapshot;
  site.machine = {snapshot.base.id, snapshot.digest};
  node.apply_through = std::max(node.apply_through, through);
  for (Witness* witness : witnesses_) witness->snapshot_installed(site);
  serve_reads(node);
}

}  // namespace bowline::sim

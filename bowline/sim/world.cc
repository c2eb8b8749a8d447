// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/world.h"

#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/raft/membership_codec.h"
#include "bowline/sim/members.h"
#include "bowline/sim/node_watch.h"
#include "bowline/sim/side_groups.h"

namespace bowline::sim {
namespace {

constexpr ClusterId founded{77};
constexpr std::uint64_t most_in_one_instant = 200'000;
constexpr std::uint64_t most_events = 3'000'000;  // hundreds of times what is usual
constexpr Duration no_alarm = std::chrono::hours(24);

// A host sees to it that its log can hold what a client may write.
raft::Options options_of(const Plan& plan) {
  raft::Options options = plan.options;
  if (plan.whole)
    options.entry_bytes =
        std::min(options.entry_bytes, Running::log_options(1).most_payload_bytes());
  return options;
}

std::int32_t rate_of(const Plan& plan, std::size_t i) {
  return i < plan.clock_permille.size() ? plan.clock_permille[i] : 0;
}

}  // namespace

World::World(Plan plan, Decisions* decisions)
    : plan_(std::move(plan)),
      own_decisions_(decisions == nullptr ? std::make_unique<Decisions>(plan_.seed) : nullptr),
      decisions_(decisions == nullptr ? *own_decisions_ : *decisions),
      agenda_(plan_.tie_seed),
      network_(decisions_, plan_.climate, plan_.nodes + plan_.spares),
      cables_(network_, streams_, now_, plan_.nodes + plan_.spares,
              [this](NodeId id) { arm_process(mine(id)); }),
      options_(std::make_shared<const raft::Options>(options_of(plan_))) {
  const std::uint32_t count = plan_.nodes + plan_.spares;
  climate_changed();
  nodes_.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    // A clock that shows something else than true time, from the beginning.
    const auto shows = static_cast<std::int64_t>(mixed(plan_.seed, i) % 1'000'000'000'000);
    nodes_.emplace_back(decisions_, NodeId{i + 1}, now_, Duration(shows), rate_of(plan_, i));
    nodes_.back().site.incarnation = Incarnation{(i + 1) * 1000 + 1};
    if (plan_.climate.newcomers_know_cluster) nodes_.back().told = founded;
  }
  found_group();
  if (plan_.whole || plan_.options.hibernate_after == Duration{0}) return;
  auto watch = std::make_unique<NodeWatch>(*this);
  watch->begin();
  node_watch_ = std::move(watch);
}

// Programs tell their clients that they are gone, who may ask us for something.
World::~World() {
  for (Node& node : nodes_) node.whole.reset();
}

void World::found_group() {
  raft::Membership founders;
  founders.cluster = cluster_ = founded;
  for (std::uint32_t i = 0; i < plan_.nodes; ++i) {
    raft::Member member;
    member.id = NodeId{i + 1};
    if (i < plan_.priorities.size()) member.priority = plan_.priorities[i];
    if (plan_.whole) member.address = Text(SimulatedNetwork::address_of(member.id));
    founders.members.push_back(member);
  }
  const auto shared = std::make_shared<const raft::Membership>(std::move(founders));
  for (std::uint32_t i = 0; i < plan_.nodes; ++i) {
    Site& site = nodes_[i].site;
    site.durable.base = {{}, shared, {}};
    site.written = site.durable;
    site.snapshot = nodes_[i].filed = {site.durable.base, 0};
    nodes_[i].founds = true;
  }
}

void World::watch(Witness& witness) { witnesses_.push_back(&witness); }

void World::note(Note note) {
  for (Witness* witness : witnesses_) witness->noted(note);
}

void World::end() {
  const StreamCounters& streams = cables_.counters();
  counters_.connections = streams.connections;
  counters_.connections_broken = streams.broken;
  counters_.connections_timed_out = streams.timeouts;
  counters_.chunks = streams.chunks;
  counters_.chunks_sent_again = streams.retransmits;
  counters_.chunks_flipped = streams.flipped;
  for (Witness* witness : witnesses_) witness->ended(violation_);
}

void World::violated(Violation violation) {
  if (!violation_) violation_ = std::move(violation);
}

const Site* World::site(NodeId id) const {
  return id && id.value <= nodes_.size() ? &node(id).site : nullptr;
}

// The first of all: everybody starts, at the first event of the run.
void World::run(Duration duration) {
  const Time end = now_ + duration;
  while (!violation_ && step_once(end)) {}
  if (!violation_) now_ = end;
}

bool World::run_until(const std::function<bool()>& holds, Duration at_most) {
  const Time end = now_ + at_most;
  while (!violation_) {
    if (holds()) return true;
    if (!step_once(end)) break;
  }
  if (!violation_) now_ = std::max(now_, end);
  return !violation_ && holds();
}

bool World::step_once(Time not_after) {
  if (agenda_.empty() || agenda_.next_at() > not_after) return false;
  const Event event = agenda_.take();
  busy_instant_ = event.at == now_ ? busy_instant_ + 1 : 0;
  if (busy_instant_ > most_in_one_instant)
    violated({"I25", "time stands still: a node is woken again and again"});
  if (counters_.events == most_events)
    violated({"I19", "a storm: the nodes send each other more and more"});
  now_ = std::max(now_, event.at);
  happen(event);
  return true;
}

void World::call_at(Time at, Caller& caller, std::uint32_t what) {
  auto who = std::ranges::find(callers_, &caller);
  if (who == callers_.end()) {
    callers_.push_back(&caller);
    who = callers_.end() - 1;
  }
  agenda_.add({.at = std::max(at, now_),
               .what = What::call,
               .node = static_cast<std::uint8_t>(who - callers_.begin()),
               .slot = what});
}

void World::happen(const Event& event) {
  ++counters_.events;
  mix(static_cast<std::uint64_t>(now_.since_start.count()));
  mix((std::uint64_t{static_cast<std::uint8_t>(event.what)} << 8) | event.node);
  if (event.what == What::call) {
    callers_[event.node]->called(event.slot);
    return;
  }
  if (event.what == What::start) return start(NodeId{event.node});
  if (event.what == What::cables) return run_cables();
  Node& node = nodes_[event.node - 1U];
  const bool over = !node.up() || (event.life != 0 && event.life != node.site.life);
  const bool sender_side = event.what == What::fetched && fetches_.at(event.slot).sender_side;
  if (over && !sender_side) {
    if (event.what == What::input) letters_.take(event.slot);
    if (event.what == What::errand) errands_.take(event.slot);
    if (event.what == What::fetched) fetches_.take(event.slot);
    return;
  }
  const bool outside = event.what == What::process || event.what == What::strike;
  if (node.pauses > 0 && !outside) {
    if (event.what == What::wake) {
      node.wake_at = never;
    } else {
      node.parked.push_back(event);
    }
    return;
  }
  happen_to(node, event);
}

void World::happen_to(Node& node, const Event& event) {
  switch (event.what) {
    case What::input: return deliver(node, letters_.take(event.slot));
    case What::wake: return woken(node, event);
    case What::process: return run_process(node, event);
    case What::broken:
      // A process whose write failed cannot know what the disk holds. It stops, and starts over.
      crash(node.site.id, Crash::power);
      return restart_later(node.site.id, std::chrono::milliseconds(200));
    case What::errand: return run_errand(node, errands_.take(event.slot));
    case What::apply: node.apply_due = false; return apply(node);
    case What::snapshot: return snapshot_done(node);
    case What::fetched: return fetched(node, fetches_.take(event.slot));
    case What::strike:
      if (node.struck_for < Duration(0)) return;  // it was spared
      crash(node.site.id, Crash::power);
      return restart_later(node.site.id, node.struck_for);
    case What::start:
    case What::cables:
    case What::call: return;
  }
}

void World::woken(Node& node, const Event& event) {
  if (event.at != node.wake_at) return;  // it was set anew since
  node.wake_at = never;
  if (node.clock.local(now_) < node.site.core->deadline()) return arm(node);
  step(node, raft::Woken{});
}

// A deadline most often moves further away. The timer that is set already then finds out when it
// fires; that is cheaper than to set it anew each time.
void World::arm(Node& node) {
  if (!node.up() || node.core == nullptr) return;  // a whole node arms itself
  const Time deadline = node.site.core->deadline();
  const Time local = node.clock.local(now_);
  if (deadline == never || (deadline > local && deadline - local > no_alarm)) return;
  Time at = std::max(node.clock.when(deadline, now_), now_);
  if (node.wake_at <= at) return;
  if (plan_.climate.wake.count() > 0)
    at = at + node.chance.exponential("woken late", plan_.climate.wake);
  node.wake_at = at;
  agenda_.add({.at = at,
               .what = What::wake,
               .node = Node::small(node.site.id),
               .slot = 0,
               .life = node.site.life});
}

raft::Found World::found(Node& node) const {
  const Image& image = node.site.durable;
  raft::Found found;
  found.hard_state = image.hard;
  found.base = image.base;
  found.entries.reserve(image.lines.size());
  for (const Line& line : image.lines) {
    found.entries.push_back({.last = line.entry.id, .bytes = line.entry.payload.size()});
    if (line.entry.kind != raft::Kind::membership) continue;
    if (image.rotten.covers(line.entry.id.index)) continue;
    found.configs.push_back(
        {line.entry.id.index, raft::decode_membership(line.entry.payload.view())});
  }
  const std::span<const raft::Stretch> rotten = image.rotten.stretches();
  found.damaged.assign(rotten.begin(), rotten.end());
  return found;
}

void World::start(NodeId id) {
  Node& node = mine(id);
  if (node.up() || node.ruined) return;
  if (plan_.whole) {
    bring_up(node);
  } else {
    came_to_life(node);
    arm(node);
  }
  arm_process(node);
}

void World::restart_later(NodeId id, Duration after) {
  agenda_.add({.at = now_ + after, .what = What::start, .node = Node::small(id)});
}

void World::came_to_life(Node& node) {
  Site& site = node.site;
  if (!open_log(node)) return;
  const Snapshot& snapshot = site.snapshot;
  const bool ahead = snapshot.base.id.index && !contains(site.durable, snapshot.base.id);
  if (ahead || std::exchange(node.founds, false))
    write_at_once(node, {.seq = {},
                         .hard = {},
                         .base = snapshot.base,
                         .base_prefix = snapshot.digest,
                         .discard = true,
                         .cut_after = {},
                         .repaired = {},
                         .entries = {}});
  node.process_at = never;
  let_climate_in(node);
  if (node.disk_fuller > 0) node.platter.limit(node.platter.used_bytes());
  site.machine = {snapshot.base.id, snapshot.digest};
  node.apply_through = snapshot.base.id.index;
  node.apply_due = false;
  node.journal.clear();
  node.removed = false;
  node.wake_at = never;
  ++site.life;
  ++counters_.starts;
  mix(site.life);
  const raft::Identity identity{.self = site.id,
                                .cluster = node.told,
                                .incarnation = site.incarnation,
                                .seed = mixed(plan_.seed, site.id.value * 4096 + site.life)};
  site.core = node.core =
      std::make_shared<raft::Core>(options_, identity, found(node), node.clock.local(now_));
  for (Witness* witness : witnesses_) witness->started(site);
}

void World::crash(NodeId id, Crash how) {
  Node& node = mine(id);
  if (!node.up()) return;
  Site& site = node.site;
  if (how == Crash::power) {
    ++counters_.crashes;
    counters_.writes_lost += node.under_way.size();
    node.platter.lose_power(node.platter_chance);
    if (plan_.climate.durable_machines) node.vault.lose_power(node.platter_chance);
  } else {
    ++counters_.kills;
    node.platter.kill(node.platter_chance);
  }
  if (node.whole) {
    node.whole->end(how == Crash::power ? Ending::power : Ending::kill);
    arm_cables();
  }
  if (node.process) drop_errands(node);
  node.process.reset();
  node.whole.reset();
  node.eyes.reset();
  if (plan_.whole) settle_snapshot(node);
  mix(node.platter.hash());
  site.written = site.durable;
  went_down(node);
  note({Note::What::down, id, {}, how == Crash::power ? 0U : 1U});
  for (Witness* witness : witnesses_) witness->crashed(site);
}

void World::went_down(Node& node) {
  node.site.core.reset();
  node.core.reset();
  for (const Event& event : node.parked) {
    if (event.what == What::input) letters_.take(event.slot);
    if (event.what == What::errand) errands_.take(event.slot);
    if (event.what == What::fetched) fetches_.take(event.slot);
  }
  node.parked.clear();
  node.pauses = 0;
  node.reads.clear();
  node.taking.reset();
  lose_requests(node);
  if (!plan_.climate.tells_suspicions || plan_.whole) return;
  for (const Node& other : nodes_)
    if (other.site.id != node.site.id) suspicion_of(node.site.id, other.site.id);
}

void World::pause(NodeId id) {
  Node& node = mine(id);
  if (!node.up()) return;
  if (node.pauses++ == 0) {
    node.paused_since = now_;
    ++counters_.pauses;
    note({Note::What::paused, id, {}, 0});
  }
}

// What piled up arrives at once, in the order in which it came.
void World::resume(NodeId id) {
  Node& node = mine(id);
  if (node.pauses == 0) return;
  --node.pauses;
  if (node.pauses > 0) return;
  note({Note::What::resumed, id, {}, 0});
  if (plan_.climate.clock_stops_in_pauses && !plan_.options.lease_reads)
    node.clock.stood_still(node.paused_since, now_);
  std::vector<Event> parked;
  parked.swap(node.parked);
  Time at = now_;
  for (Event event : parked) {
    at = at + Duration(1);
    event.at = at;
    agenda_.add(event);
  }
  node.burst_ends = at;
  node.wake_at = never;
  arm(node);
  node.process_at = never;
  arm_process(node);
}

void World::wipe(NodeId id) {
  Node& node = mine(id);
  crash(id, Crash::power);
  Site& site = node.site;
  const Incarnation former = site.incarnation;
  ++counters_.wipes;
  node.platter.wipe();
  node.vault.wipe();
  node.filed = {};
  node.under_way.clear();
  node.forcing = {};
  node.founds = false;
  site.durable = {};
  site.written = {};
  site.snapshot = {};
  site.machine = {};
  site.incarnation = former.next();
  site.wiped_since_bound = true;
  node.counted = false;
  if (side_groups_ != nullptr) side_groups_->wiped(id);
  for (Witness* witness : witnesses_) witness->wiped(site, former);
}

void World::ruin(NodeId id) {
  for (const Node& node : nodes_)
    if (node.up()) committed_at_ruin_ = std::max(committed_at_ruin_, node.site.core->commit());
  wipe(id);
  mine(id).ruined = true;
}

void World::reinstall(NodeId id) {
  Node& node = mine(id);
  node.site.given_up = false;
  if (!node.ruined) wipe(id);
  node.ruined = false;
  node.told = cluster_;  // the log that it is going to read begins in the former one
  start(id);
}

// The recovery took place once its entry is on disk: then a crash cannot undo it any more.
void World::give_up_others(Node& node) {
  const Site& site = node.site;
  if (!node.forcing) return;
  const raft::MembershipPtr membership = in_force(site.durable);
  if (membership == nullptr || membership->cluster != node.forcing) return;
  cluster_ = node.told = std::exchange(node.forcing, {});
  ++counters_.forced;
  // The entry that makes it the whole group is the last.
  if (site.durable.last() <= committed_at_ruin_) ++counters_.forced_with_loss;
  for (Node& other : nodes_) other.site.given_up = other.site.id != site.id;
  deeds_.keep([&](LogId id) {
    // What makes it the whole group may be called as another entry was, see LogWitness::forced().
    if (id.index >= site.durable.last()) return false;
    const Line* const line = site.durable.at(id.index);
    return id.index <= site.durable.base.id.index || (line != nullptr && line->entry.id == id);
  });
  for (Witness* witness : witnesses_) witness->forced(site, cluster_);
}

}  // namespace bowline::sim

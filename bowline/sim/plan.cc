// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/plan.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "bowline/raft/membership.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, troubles> trouble_names{
    "cut_one_way", "cut",      "partition", "clog",      "swizzle", "storm", "crash",
    "kill",        "blackout", "pause",     "slow_disk", "rot",     "wipe",  "suspicion",
    "unreachable", "full",     "skew",      "mute",      "coup",    "ruin"};

constexpr std::array<std::string_view, acts> act_names{
    "write",        "batch",    "fenced_write",  "barrier",      "read",
    "lease_read",   "verify",   "transfer",      "reconfigure",  "cancel_change",
    "replace_lost", "campaign", "forget_leader", "take_snapshot"};

bool half(Chance& chance, const char* what) { return chance.happens(what, 500'000); }

std::uint32_t ppm_between(Chance& chance, const char* what, std::uint64_t low, std::uint64_t high) {
  return static_cast<std::uint32_t>(chance.log_between(what, low, high));
}

void draw_size(Chance& chance, const Settings& settings, Plan& plan) {
  constexpr std::array<std::uint32_t, 16> sizes{3, 3, 3, 3, 5, 5, 5, 5, 5, 4, 4, 2, 1, 6, 7, 7};
  plan.nodes = sizes[chance.below("nodes", sizes.size())];
  if (settings.nodes != 0) plan.nodes = settings.nodes;
  plan.spares = static_cast<std::uint32_t>(chance.below("spares", 3));
}

// Within the bound; what leases allow for shows where one clock is slow and the others are fast.
void draw_clocks(Chance& chance, std::int32_t bound, Plan& plan) {
  const bool drifts = half(chance, "clocks drift");
  const bool apart = half(chance, "one clock against the others");
  const std::uint32_t count = plan.nodes + plan.spares;
  const std::uint64_t one = chance.below("the one clock", plan.nodes);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto span = 2 * static_cast<std::uint64_t>(bound) + 1;
    const auto drawn = static_cast<std::int32_t>(chance.below("clock rate", span));
    // 0 first, then 1, -1, 2, -2, ...
    std::int32_t rate = drawn % 2 == 1 ? (drawn + 1) / 2 : -drawn / 2;
    if (apart) rate = i == one ? -bound : bound;
    plan.clock_permille.push_back(drifts ? rate : 0);
  }
}

void draw_leases(Chance& chance, Plan& plan) {
  raft::Options& options = plan.options;
  options.lease_reads = half(chance, "lease reads");
  options.drift_permille = static_cast<std::uint32_t>(5 + chance.below("drift bound", 96));
  const std::uint64_t real = options.lease_reads ? options.drift_permille : 100;
  draw_clocks(chance, static_cast<std::int32_t>(real), plan);
}

void draw_windows(Chance& chance, raft::Options& options) {
  if (half(chance, "small windows")) {
    options.inflight_messages = chance.log_between("messages in flight", 1, 16);
    options.inflight_bytes = chance.log_between("bytes in flight", 64, 8192);
    options.span_bytes = std::min(options.span_bytes, options.inflight_bytes);
  }
  if (half(chance, "small spans")) {
    options.span_entries = chance.log_between("entries of a span", 1, 64);
    options.span_bytes =
        std::min(options.inflight_bytes, chance.log_between("bytes of a span", 64, 8192));
  }
  if (chance.happens("small cap", 200'000)) {
    options.entry_bytes = chance.log_between("bytes of an entry", 64, 1024);
    options.uncommitted_bytes =
        options.entry_bytes + chance.log_between("uncommitted bytes", 1, 8192);
  }
  if (chance.happens("few reads", 100'000))
    options.pending_reads = chance.log_between("pending reads", 1, 16);
}

void draw_options(Chance& chance, Plan& plan) {
  raft::Options& options = plan.options;
  options.pre_vote = !chance.happens("no pre-vote", 120'000);
  options.check_quorum = !chance.happens("no check of the quorum", 120'000);
  if (options.lease_reads) options.check_quorum = true;
  options.stop_on_removal = half(chance, "stop on removal");
  if (half(chance, "another heartbeat"))
    options.heartbeat = chance.log_between("heartbeat", Duration(20ms), Duration(300ms));
  draw_windows(chance, options);
  if (half(chance, "hibernates"))
    options.hibernate_after =
        chance.log_between("hibernates after", options.heartbeat_every(), Duration(3s));
  const bool ranked = chance.happens("priorities", 300'000);
  for (std::uint32_t i = 0; i < plan.nodes; ++i) {
    constexpr std::array<std::uint8_t, 5> ranks{raft::default_priority, 0, 1, 50, 200};
    const std::uint64_t rank = chance.below("priority", ranks.size());
    // Somebody must be allowed to lead.
    plan.priorities.push_back(ranked && i != 0 ? ranks[rank] : raft::default_priority);
  }
  if (!options.fault().empty()) {
    const raft::Options plain;
    options.heartbeat = plain.heartbeat;
    options.hibernate_after = plain.hibernate_after;
    options.check_quorum = true;
    options.pre_vote = true;
  }
}

void draw_network(Chance& chance, Climate& climate) {
  climate.latency_floor = chance.log_between("latency floor", Duration(20us), Duration(5ms));
  climate.latency = chance.log_between("latency", Duration(20us), Duration(60ms));
  climate.in_order = half(chance, "links keep the order");
  if (half(chance, "loss")) climate.lost_ppm = ppm_between(chance, "lost", 100, 300'000);
  if (half(chance, "doubling")) climate.doubled_ppm = ppm_between(chance, "doubled", 100, 500'000);
  if (half(chance, "late doubles")) {
    climate.late_ppm = ppm_between(chance, "late doubles", 100, 50'000);
    climate.late = chance.log_between("late by", Duration(300ms), Duration(20s));
  }
  if (half(chance, "spikes")) {
    climate.spike_ppm = ppm_between(chance, "spikes", 100, 100'000);
    climate.spike = chance.log_between("spike", Duration(10ms), Duration(3s));
  }
  climate.outlives_process = half(chance, "messages outlive processes");
}

void draw_disk(Chance& chance, Climate& climate) {
  climate.sync_floor = chance.log_between("sync floor", Duration(10us), Duration(2ms));
  climate.sync = chance.log_between("sync", Duration(50us), Duration(60ms));
  if (half(chance, "slow syncs")) {
    climate.slow_sync_ppm = ppm_between(chance, "slow syncs", 100, 100'000);
    climate.slow_sync = chance.log_between("slow sync", Duration(20ms), Duration(4s));
  }
  if (chance.happens("writes fail", 250'000))
    climate.failed_write_ppm = ppm_between(chance, "failed writes", 1'000, 100'000);
  // Then most that is sent to those who lag comes from the disk.
  if (half(chance, "small tails")) climate.tail_bytes = chance.log_between("tail bytes", 1, 8192);
}

void draw_host(Chance& chance, Climate& climate) {
  if (half(chance, "couriers wait"))
    climate.courier = chance.log_between("courier", Duration(10us), Duration(300ms));
  climate.courier_splits = half(chance, "couriers split");
  if (half(chance, "machines lag"))
    climate.apply = chance.log_between("apply", Duration(10us), Duration(500ms));
  if (half(chance, "late wakes"))
    climate.wake = chance.log_between("late wake", Duration(10us), Duration(30ms));
  climate.tells_suspicions = half(chance, "suspicions");
  climate.suspicion = chance.log_between("suspicion", Duration(100us), Duration(200ms));
  climate.newcomers_know_cluster = half(chance, "newcomers know the cluster");
  climate.tells_losses = half(chance, "losses are told");
  climate.clock_stops_in_pauses = half(chance, "clocks stop in pauses");
}

void draw_snapshots(Chance& chance, Climate& climate) {
  if (!chance.happens("snapshots", 700'000)) return;
  climate.snapshot_every = chance.log_between("snapshot every", 5, 300);
  if (half(chance, "keeps a tail")) climate.keeps_behind = chance.log_between("tail", 1, 200);
  climate.snapshot = chance.log_between("snapshot takes", Duration(100us), Duration(2s));
  climate.fetch = chance.log_between("fetch takes", Duration(200us), Duration(3s));
  if (half(chance, "fetches fail"))
    climate.fetch_fails_ppm = ppm_between(chance, "failed fetches", 10'000, 500'000);
}

void draw_streams(Chance& chance, Climate& climate) {
  if (half(chance, "pieces")) climate.pieces_ppm = ppm_between(chance, "in pieces", 1'000, 500'000);
  if (half(chance, "breaks")) climate.breaks_ppm = ppm_between(chance, "broken", 10, 20'000);
  if (half(chance, "flips")) climate.flipped_ppm = ppm_between(chance, "flipped", 10, 5'000);
  climate.piece_bytes = half(chance, "small pieces") ? 4096 : 16'384;
  if (half(chance, "long snapshots"))
    climate.snapshot_bytes = chance.log_between("snapshot bytes", 1'000, 60'000);
}

// Fewer than there are clients, so that they drive each other out.
void draw_sessions(Chance& chance, Climate& climate) {
  if (!half(chance, "small bounds")) return;
  climate.most_sessions = static_cast<std::uint32_t>(2 + chance.below("sessions", 8));
  climate.answer_bytes = chance.log_between("answer bytes", 20, 1'000);
  climate.session_life = chance.log_between("session life", Duration(1s), Duration(60s));
}

// As in an upgrade that takes long, and goes back and forth.
void draw_programs(Chance& chance, Climate& climate) {
  if (chance.happens("old programs", 300'000))
    climate.old_program_ppm = ppm_between(chance, "of an old program", 100'000, 800'000);
}

// All of the state goes to its disk again and again, so it is small.
void draw_machines(Chance& chance, Climate& climate) {
  climate.durable_machines = chance.happens("durable machines", 400'000);
  if (climate.durable_machines)
    climate.snapshot_bytes = std::min<std::uint64_t>(climate.snapshot_bytes, 500);
}

void draw_side_groups(Chance& chance, Climate& climate) {
  if (half(chance, "side groups"))
    climate.side_groups = static_cast<std::uint32_t>(1 + chance.below("how many side groups", 2));
}

// How long each lasts, and how often it is chosen.
struct Habit {
  Trouble trouble;
  Duration low, high;
  std::uint32_t weight;
};
constexpr std::array<Habit, troubles - 1> habits{{
    {Trouble::cut_one_way, 50ms, 10s, 4}, {Trouble::cut, 50ms, 10s, 4},
    {Trouble::partition, 500ms, 10s, 6},  {Trouble::clog, 20ms, 5s, 4},
    {Trouble::swizzle, 500ms, 8s, 2},     {Trouble::storm, 200ms, 8s, 4},
    {Trouble::crash, 1ms, 12s, 8},        {Trouble::kill, 1ms, 8s, 4},
    {Trouble::blackout, 1ms, 4s, 1},      {Trouble::pause, 1ms, 10s, 4},
    {Trouble::slow_disk, 200ms, 10s, 4},  {Trouble::rot, 1ms, 2s, 3},
    {Trouble::wipe, 50ms, 3s, 1},         {Trouble::suspicion, 1ms, 2ms, 2},
    {Trouble::unreachable, 1ms, 2ms, 2},  {Trouble::full, 200ms, 8s, 1},
    {Trouble::skew, 1s, 10s, 1},          {Trouble::mute, 100ms, 4s, 3},
    {Trouble::coup, 1200ms, 3s, 4},
}};

// What can happen to a node that has nobody to talk to.
bool needs_nobody(Trouble trouble) {
  constexpr std::array alone{Trouble::crash,     Trouble::kill, Trouble::blackout, Trouble::pause,
                             Trouble::slow_disk, Trouble::full, Trouble::skew};
  return std::ranges::find(alone, trouble) != alone.end();
}

// The habits of this seed, each as often as its weight.
std::vector<std::uint8_t> draw_mood(Chance& chance, const Plan& plan) {
  const bool alone = plan.nodes + plan.spares == 1;
  std::vector<std::uint8_t> mood;
  for (std::size_t i = 0; i < habits.size(); ++i) {
    if (!half(chance, "a kind of trouble")) continue;
    if (habits[i].trouble == Trouble::skew && plan.options.lease_reads) continue;
    if (alone && !needs_nobody(habits[i].trouble)) continue;
    mood.insert(mood.end(), habits[i].weight, static_cast<std::uint8_t>(i));
  }
  if (mood.empty()) mood.push_back(6);
  return mood;
}

Time moment(Chance& chance, Time end) {
  const auto span = static_cast<std::uint64_t>(end.since_start.count());
  return Time{Duration(static_cast<std::int64_t>(chance.below("when", span)))};
}

void draw_episodes(Chance& chance, Plan& plan) {
  const std::vector<std::uint8_t> mood = draw_mood(chance, plan);
  const std::uint64_t count = chance.log_between("episodes", 40, 90);
  for (std::uint64_t i = 0; i < count; ++i) {
    const Habit& habit = habits[mood[chance.below("trouble", mood.size())]];
    Episode episode;
    episode.id = static_cast<std::uint32_t>(i + 1);
    episode.trouble = habit.trouble;
    episode.at = moment(chance, plan.weather_ends);
    episode.lasts = chance.log_between("lasts", habit.low, habit.high);
    episode.node = static_cast<std::uint32_t>(chance.below("node", 1024));
    episode.peer = static_cast<std::uint32_t>(chance.below("peer", 1024));
    episode.shape = static_cast<Shape>(chance.below("shape", shapes));
    episode.one_way = chance.happens("one way", 300'000);
    episode.amount = chance.word("amount");
    plan.episodes.push_back(episode);
  }
  if (chance.happens("ruin", 100'000) && plan.nodes > 1) {
    Episode ruin;
    ruin.id = static_cast<std::uint32_t>(count + 1);
    ruin.trouble = Trouble::ruin;
    // So that the group may go through more of the weather afterwards.
    const Time quarter{plan.weather_ends.since_start / 4};
    ruin.at = moment(chance, Time{quarter.since_start * 2}) + quarter.since_start;
    ruin.lasts = chance.log_between("lasts", Duration(2s), Duration(15s));
    ruin.amount = chance.word("amount");
    plan.episodes.push_back(ruin);
  }
  std::ranges::sort(plan.episodes, {}, [](const Episode& e) { return std::pair(e.at, e.id); });
}

struct Wish {
  Act act;
  std::uint32_t weight;
};
constexpr std::array<Wish, acts> wishes{{{Act::write, 40},
                                         {Act::batch, 10},
                                         {Act::fenced_write, 4},
                                         {Act::barrier, 4},
                                         {Act::read, 30},
                                         {Act::lease_read, 10},
                                         {Act::verify, 4},
                                         {Act::transfer, 3},
                                         {Act::reconfigure, 5},
                                         {Act::cancel_change, 1},
                                         {Act::replace_lost, 4},
                                         {Act::campaign, 1},
                                         {Act::forget_leader, 1},
                                         {Act::take_snapshot, 1}}};

std::vector<Act> draw_wishes(Chance& chance) {
  std::vector<Act> drawn;
  for (const Wish& wish : wishes) {
    const bool optional = wish.act >= Act::transfer && wish.act != Act::replace_lost;
    std::uint32_t weight = wish.weight;
    if (optional && !half(chance, "a kind of operation")) continue;
    if (optional && chance.happens("often", 250'000)) weight *= 4;
    drawn.insert(drawn.end(), weight, wish.act);
  }
  return drawn;
}

void draw_operations(Chance& chance, Plan& plan) {
  const std::vector<Act> drawn = draw_wishes(chance);
  const auto seconds = static_cast<std::uint64_t>(plan.weather_ends.since_start / 1s);
  const std::uint64_t least = std::max<std::uint64_t>(10, seconds * 250 / 60);
  const std::uint64_t count = chance.log_between("operations", least, least * 4);
  for (std::uint64_t i = 0; i < count; ++i) {
    Operation operation;
    operation.id = static_cast<std::uint32_t>(i + 1);
    operation.act = drawn[chance.below("act", drawn.size())];
    operation.at = moment(chance, plan.weather_ends);
    if (chance.happens("not at the leader", 300'000))
      operation.node = static_cast<std::uint32_t>(1 + chance.below("at", 64));
    operation.amount = chance.word("amount");
    plan.operations.push_back(operation);
  }
  std::ranges::sort(plan.operations, {}, [](const Operation& o) { return std::pair(o.at, o.id); });
}

}  // namespace

std::string_view name(Trouble trouble) { return trouble_names[static_cast<std::size_t>(trouble)]; }
std::string_view name(Act act) { return act_names[static_cast<std::size_t>(act)]; }

Plan draw_plan(Decisions& decisions, const Settings& settings) {
  Chance chance(decisions, {.part = Part::plan});
  Plan plan;
  plan.seed = decisions.seed();
  plan.tie_seed = chance.word("ties");
  plan.weather_ends = Time{settings.weather};
  draw_size(chance, settings, plan);
  draw_leases(chance, plan);
  draw_options(chance, plan);
  draw_network(chance, plan.climate);
  draw_disk(chance, plan.climate);
  draw_host(chance, plan.climate);
  draw_snapshots(chance, plan.climate);
  draw_episodes(chance, plan);
  draw_operations(chance, plan);
  plan.kv = settings.kv;
  plan.whole = settings.whole || settings.kv;
  if (plan.whole) draw_streams(chance, plan.climate);
  if (plan.whole) draw_sessions(chance, plan.climate);
  // No program that serves the map speaks anything but the newest version.
  if (plan.whole && !plan.kv) draw_programs(chance, plan.climate);
  if (plan.whole) draw_machines(chance, plan.climate);
  if (plan.whole && !plan.kv) draw_side_groups(chance, plan.climate);
  return plan;
}

Plan calm_plan(std::uint32_t nodes, std::uint64_t seed) {
  Plan plan;
  plan.seed = seed;
  plan.nodes = nodes;
  plan.priorities.assign(nodes, raft::default_priority);
  plan.clock_permille.assign(nodes, 0);
  return plan;
}

}  // namespace bowline::sim

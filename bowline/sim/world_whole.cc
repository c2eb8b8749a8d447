// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/host/mark.h"
#include "bowline/sim/guard.h"
#include "bowline/sim/host_bounds.h"
#include "bowline/sim/shadow.h"
#include "bowline/sim/side_groups.h"
#include "bowline/sim/world.h"

// Whole nodes: the host carries out what its core asks for, and speaks to the others over
// connections. The world looks on, with an image of what each disk has to hold, and the same
// witnesses watch as when it does all that by itself.
namespace bowline::sim {

class World::Eyes final : public host::Onlooker {
 public:
  Eyes(World& world, Node& node) : world_(world), node_(node) {}
  void opened(const wal::Opened& found) override { world_.opened(node_, found); }
  void based(GroupId group, const raft::Base& base, const raft::HardState& hard) override {
    if (group == Whole::group) world_.based(node_, base, hard);
  }
  void started(const host::Replica& replica) override {
    if (!is_ours(replica)) return;
    // It belongs to the process, and lives as long as that.
    node_.site.core = {std::shared_ptr<void>(), &replica.core()};
  }
  void persisted(const host::Replica& replica, Seq seq) override {
    if (is_ours(replica)) world_.became_durable(node_, seq);
  }
  void stepped(const host::Replica& replica, const raft::Input& input,
               const raft::Effects& effects) override {
    if (is_ours(replica)) world_.stepped(node_, input, effects);
  }
  void sent(const host::Replica& replica, NodeId to, const raft::Message& message) override {
    if (is_ours(replica)) world_.left(node_, to, message);
  }
  void shipped(NodeId to) override {
    for (Witness* witness : world_.witnesses_) witness->shipped(node_.site, to);
  }
  void no_way(const host::Replica& replica, NodeId to) override {
    if (!is_ours(replica)) return;
    for (Witness* witness : world_.witnesses_) witness->no_way(node_.site, to);
  }
  void applied(const host::Replica& replica, const raft::Entry& entry) override {
    if (is_ours(replica)) world_.applied(node_, entry);
  }
  void snapshot_taken(const host::Replica& replica, const raft::Base& base) override {
    if (is_ours(replica)) world_.snapshot_taken(node_, base);
  }
  void snapshot_installed(const host::Replica& replica, const raft::Base& base,
                          bool used) override {
    if (is_ours(replica)) world_.snapshot_installed(node_, base, used);
  }

 private:
  // Of side groups the witnesses know nothing.
  static bool is_ours(const host::Replica& replica) { return replica.group() == Whole::group; }

  World& world_;
  Node& node_;
};

// ---- lives

host::GroupOptions World::group_options(NodeId id) const { return birth_of(node(id)).options; }

host::Birth World::birth_of(const Node& node) const {
  host::Birth birth;
  birth.options.raft = options_;
  birth.options.cluster = node.told;
  birth.options.snapshot_entries = plan_.climate.snapshot_every;
  birth.options.snapshot_bytes = 0;
  birth.options.keep_entries = plan_.climate.keeps_behind;
  birth.options.keep_bytes_for_members = plan_.climate.keeps_behind % 2 == 0 ? 0 : 16 << 10;
  // Few enough that a leader refuses now and then, because its machine has not come so far.
  if (plan_.climate.keeps_behind % 3 == 0) birth.options.unapplied_bytes = 2 << 10;
  birth.options.slice_bytes = 8 << 10;
  if (node.founds) birth.founders = node.site.durable.base.membership;
  return birth;
}

void World::bring_up(Node& node) {
  Site& site = node.site;
  node.platter.lift_limit();  // no start waits for space: that is told elsewhere
  ++site.life;
  node.process_at = never;
  node.journal.clear();
  node.removed = false;
  site.machine = {};
  node.eyes = std::make_unique<Eyes>(*this, node);
  if (plan_.climate.old_program_ppm > 0)
    node.newest_version = node.chance.happens("an old program", plan_.climate.old_program_ppm)
                              ? wire::oldest_version
                              : wire::newest_version;
  std::unique_ptr<Program> program = play_ == nullptr ? nullptr : play_->program(site.id);
  Program* const program_runs = program.get();
  node.guest = guests_ ? guests_(site.id) : std::move(program);
  Whole::Setting setting{.node = site.id,
                         .fresh = site.incarnation,
                         .boot = site.id.value * 4096 + site.life,
                         .tail_bytes = plan_.climate.tail_bytes,
                         .piece_bytes = plan_.climate.piece_bytes,
                         .snapshot_bytes = plan_.climate.snapshot_bytes,
                         .silence = plan_.options.election,
                         .newest_version = node.newest_version,
                         .vault = plan_.climate.durable_machines ? &node.vault : nullptr,
                         .guest = node.guest.get(),
                         .program = program_runs};
  // So little that proposals are refused now and then, and one alone may be more.
  if (plan_.climate.keeps_behind % 4 == 1 && program_runs == nullptr)
    setting.backlog_bytes = 2 << 10;
  settle_snapshot(node);
  node.whole = std::make_unique<Whole>(node.platter, cables_, node.platter_chance, node.clock, now_,
                                       setting, site.machine, watching(node), *node.eyes);
  const host::Birth birth = birth_of(node);
  if (node.founds) site.durable = {};
  node.whole->begin(birth);
  if (!node.whole->refusal().empty())
    return violated({"I10", "node " + std::to_string(site.id.value) +
                                " does not start: " + node.whole->refusal()});
  node.founds = false;
  snapshot_known(node);
  let_climate_in(node);
  if (node.disk_fuller > 0) node.platter.limit(node.platter.used_bytes());
  ++counters_.starts;
  if (node.newest_version < wire::newest_version) ++counters_.old_programs;
  mix(site.life);
  for (Witness* witness : witnesses_) witness->started(site);
  if (side_groups_ != nullptr) side_groups_->began(site.id);
  arm_process(node);
  arm_cables();
}

// The image and the log have to explain each other, as in open_log().
void World::opened(Node& node, const wal::Opened& opened) {
  Site& site = node.site;
  const auto wrong = [&](const std::string& what) {
    if (!what.empty())
      violated({"I10", "the log of node " + std::to_string(site.id.value) + ": " + what});
  };
  if (opened.account.identity.disk != site.incarnation) return wrong("it is of another life");
  if (side_groups_ != nullptr) side_groups_->opened(site.id, opened);
  counters_.batches_mended += opened.account.mended;
  raft::Found found;
  for (const wal::Recovered& recovered : opened.groups)
    if (recovered.group == Whole::group) found = recovered.found;
  std::string what = explain(found, node.under_way, site.durable);
  node.under_way.clear();
  if (what.empty()) what = take_damage(site, found);
  if (!what.empty()) return wrong(what);
  give_up_others(node);
  node.forcing = {};
  site.written = site.durable;
}

void World::based(Node& node, const raft::Base& base, const raft::HardState& hard) {
  Site& site = node.site;
  const Write write{.seq = {},
                    .hard = hard,
                    .base = base,
                    .base_prefix = base.id == site.snapshot.base.id ? site.snapshot.digest : 0,
                    .discard = true,
                    .cut_after = {},
                    .repaired = {},
                    .entries = {}};
  if (!sim::apply(write, site.durable))
    violated({"I25", "a node cannot begin its log where its snapshot ends"});
  site.written = site.durable;
}

// A machine that is durable by itself is as good as a snapshot, as far as its disk has it.
void World::settle_snapshot(Node& node) {
  node.site.snapshot = node.filed;
  const Vault::Unit& unit = node.vault.newest();
  if (unit.mark.empty()) return;
  const Result<raft::Base> base = host::decode_mark(Whole::group, unit.mark);
  ensure(base.has_value());
  if (base->id.index <= node.filed.base.id.index) return;
  node.site.snapshot = {*base, unit.machine.digest};
}

// One that was being written when the process ended may have become whole. None is ever lost.
void World::snapshot_known(Node& node) {
  Site& site = node.site;
  const host::Manifest* newest = node.whole->shard().snapshots().newest(Whole::group);
  const raft::Base known = newest == nullptr ? raft::Base{} : newest->base;
  const bool rotted = std::exchange(node.snapshots_rotten, false) && newest == nullptr;
  if (known.id.index < node.filed.base.id.index && !rotted)
    violated({"I10", "node " + std::to_string(site.id.value) + " has lost its snapshot through " +
                         std::to_string(node.filed.base.id.index.value)});
  if (rotted) node.filed = {};
  if (known.id.index > node.filed.base.id.index) node.filed = {known, site.machine.digest};
  settle_snapshot(node);
  if (newest == nullptr && !site.snapshot.base.id.index) return;
  if (site.snapshot.base.id != site.machine.applied)
    violated({"I13", "node " + std::to_string(site.id.value) + " starts with a state through " +
                         std::to_string(site.machine.applied.index.value) +
                         ", and has one through " +
                         std::to_string(site.snapshot.base.id.index.value)});
  if (site.durable.base.id == site.machine.applied) site.durable.base_prefix = site.machine.digest;
  site.written.base_prefix = site.durable.base_prefix;
}

void World::shut_down(NodeId id) {
  Node& node = mine(id);
  if (!node.up()) return;
  node.whole->shard().end(Whole::group);
  crash(id, Crash::kill);
}

// ---- what it is asked for

namespace {

std::uint64_t host_weight(const std::vector<Bytes>& commands) {
  std::uint64_t weight = 0;
  for (const Bytes& command : commands) weight += command.size() + host::Backlog::overhead;
  return weight;
}

}  // namespace

// It reaches the process as soon as that runs.
void World::ask(Node& node, raft::Input input) {
  enter(node.site.id,
        [this, &node, input = std::move(input)]() mutable { ask_now(node, std::move(input)); });
}

void World::enter(NodeId id, env::Done<> task) {
  Node& node = mine(id);
  if (!node.up()) return;
  ProcessLoop& loop = node.whole->loop();
  if (node.pauses == 0 && loop.now() < now_) loop.advance(now_);
  loop.after(std::max(Duration(0), now_ - loop.now()), std::move(task));
  arm_process(node);
}

void World::ask_now(Node& node, raft::Input input) {
  host::Replica& replica = node.whole->replica();
  const auto with = [&](Ticket ticket) {
    return [this, &node, ticket](const host::Outcome& outcome) { ended(node, ticket, outcome); };
  };
  if (auto* propose = std::get_if<raft::Propose>(&input)) {
    largest_asked_ = std::max(largest_asked_, host_weight(propose->commands));
    const auto all = std::make_shared<std::vector<host::Outcome>>();
    const std::size_t count = propose->commands.size();
    std::vector<host::Reply> replies;
    replies.reserve(count);
    for (const Bytes& command : propose->commands)
      replies.emplace_back([this, &node, all, count, ticket = propose->ticket,
                            command](const host::Outcome& outcome) {
        check_answer(outcome, command);
        if (count == 1) keep_answer(ticket, outcome);
        all->push_back(outcome);
        if (all->size() == count) ended_all(node, ticket, *all);
      });
    return replica.propose_all(std::move(propose->commands), propose->expected, std::move(replies));
  }
  if (const auto* barrier = std::get_if<raft::Barrier>(&input))
    return replica.barrier(with(barrier->ticket));
  if (const auto* read = std::get_if<raft::Read>(&input))
    return replica.read(read->kind,
                        [this, &node, ticket = read->ticket](const host::ReadOutcome& outcome) {
                          ended(node, ticket, outcome);
                        });
  if (const auto* transfer = std::get_if<raft::Transfer>(&input))
    return replica.transfer(transfer->to, with(transfer->ticket));
  if (auto* change = std::get_if<raft::Reconfigure>(&input)) {
    for (raft::Wanted& wanted : change->wanted)
      wanted.address = SimulatedNetwork::address_of(wanted.id);
    return replica.reconfigure(std::move(change->wanted), change->expected, with(change->ticket));
  }
  if (const auto* cancel = std::get_if<raft::CancelChange>(&input))
    return replica.cancel_change(with(cancel->ticket));
  if (const auto* recover = std::get_if<raft::Recover>(&input))
    return replica.recover(recover->cluster, with(recover->ticket));
  replica.input(std::move(input));
}

void World::read_within(NodeId id, Duration at_most) {
  Node& node = mine(id);
  enter(id, [this, &node, at_most] { read_within(node, at_most, 4); });
}

// A client that was told nothing asks again: so somebody asks just behind an answer that took long.
void World::read_within(Node& node, Duration at_most, std::uint32_t tries) {
  const auto ended = std::make_shared<bool>(false);
  node.whole->replica().read_within(
      at_most, [this, &node, at_most, tries, ended](const host::ReadOutcome& outcome) {
        if (std::exchange(*ended, true))
          violated({"I15", "a read that may be old was answered twice"});
        if (std::holds_alternative<host::Ready>(outcome)) {
          ++counters_.old_reads;
          for (Witness* witness : witnesses_) witness->old_read_served(node.site, at_most);
          return;
        }
        ++counters_.old_reads_refused;
        if (tries > 1 && node.whole)
          node.whole->loop().after(at_most / 4, [this, &node, at_most, tries] {
            read_within(node, at_most, tries - 1);
          });
      });
  expect_end(node, at_most, ended);
}

// It has so much time by the clock of its process. If that stands still, both the answer and we
// are late, in this order.
void World::expect_end(Node& node, Duration at_most, std::shared_ptr<bool> ended) {
  constexpr Duration more = std::chrono::milliseconds(1);
  ProcessLoop& loop = node.whole->loop();
  const auto timer = std::make_shared<env::TimerId>();
  *timer = loop.timer([this, &node, &loop, timer, at_most, ended = std::move(ended)] {
    loop.drop(*timer);
    if (*ended || node.whole->broken()) return;
    violated({"I22", "a read at node " + std::to_string(node.site.id.value) +
                         " that may wait for " + std::to_string(at_most.count() / 1'000'000) +
                         " ms waits for longer"});
  });
  loop.set(*timer, loop.local() + at_most + more);
}

namespace {

raft::Outcome as_raft(const host::Outcome& outcome) {
  if (std::holds_alternative<host::Applied>(outcome)) return raft::Outcome::committed;
  if (std::holds_alternative<host::Overruled>(outcome)) return raft::Outcome::overruled;
  return raft::Outcome::unknown;
}

}  // namespace

void World::ended(Node& node, Ticket ticket, const host::Outcome& outcome) {
  if (const auto* refused = std::get_if<host::Refused>(&outcome)) {
    raft::Refused told{ticket, refused->why, refused->leader};
    return perform(node, told);
  }
  const auto* done = std::get_if<host::Applied>(&outcome);
  Request& request = requests_[ticket.value - 1];
  if (done != nullptr && request.kind == Request::Kind::write) request.first = done->id;
  raft::Decided told{ticket, as_raft(outcome)};
  perform(node, told);
}

// Of a batch whose commands fared differently nothing can be said as a whole.
void World::ended_all(Node& node, Ticket ticket, const std::vector<host::Outcome>& outcomes) {
  const auto alike = [&](const host::Outcome& one) {
    return one.index() == outcomes.front().index();
  };
  if (std::ranges::all_of(outcomes, alike)) return ended(node, ticket, outcomes.front());
  ended(node, ticket, host::Unknown{});
}

void World::ended(Node& node, Ticket ticket, const host::ReadOutcome& outcome) {
  if (const auto* refused = std::get_if<host::Refused>(&outcome)) {
    raft::Refused told{ticket, refused->why, refused->leader};
    return perform(node, told);
  }
  raft::ReadReady ready{ticket, std::get<host::Ready>(outcome).index};
  perform(node, ready);
}

// ---- what it does

void World::stepped(Node& node, const raft::Input& input, const raft::Effects& effects) {
  const raft::Core& core = *node.site.core;
  ++counters_.steps;
  count_naps(node);
  if (const std::string wrong = beyond(node.whole->shard().backlog(), largest_asked_);
      !wrong.empty())
    violated({"I19", "node " + std::to_string(node.site.id.value) + ": " + wrong});
  mix((std::uint64_t{node.site.id.value} << 32) | (input.index() << 16) | effects.size());
  mix(core.term().value);
  mix(mixed(core.commit().value, core.outline().last().index.value));
  if (std::holds_alternative<raft::Suspect>(input)) ++counters_.suspicions;
  if (const auto* lost = std::get_if<raft::Unreadable>(&input)) {
    for (Index i = lost->first; i <= lost->last; i = i.next())
      if (node.rots == 0 && !node.site.durable.rotten.covers(i) && !hurt(node, i))
        violated({"I25", "the log of node " + std::to_string(node.site.id.value) +
                             " cannot read entry " + std::to_string(i.value) +
                             ", which nothing had hurt"});
    note({Note::What::noticed, node.site.id, {}, lost->first.value});
  }
  if (!effects.empty())
    if (const auto* persist = std::get_if<raft::Persist>(effects.data())) take_over(node, *persist);
  for (Witness* witness : witnesses_) witness->stepped(node.site, input, effects);
  for (const raft::Effect& effect : effects) {
    raft::Effect copy = effect;
    if (auto* change = std::get_if<raft::RoleChanged>(&copy)) perform(node, *change);
    if (auto* change = std::get_if<raft::MembershipChanged>(&copy)) perform(node, *change);
    if (auto* removed = std::get_if<raft::Removed>(&copy)) perform(node, *removed);
    if (auto* seen = std::get_if<raft::Impossible>(&copy)) perform(node, *seen);
  }
}

void World::applied(Node& node, const raft::Entry& entry) {
  const Line* line = node.site.written.at(entry.id.index);
  const bool same =
      line != nullptr && line->entry.id == entry.id && same_content(line->entry, entry);
  if (!same)
    return violated({"I14", "node " + std::to_string(node.site.id.value) + " applies entry " +
                                std::to_string(entry.id.index.value) +
                                ", which its log does not hold"});
  apply_one(node, *line);
}

void World::snapshot_taken(Node& node, const raft::Base& base) {
  Site& site = node.site;
  const std::optional<std::uint64_t> digest = prefix_at(site.written, base.id.index);
  if (!digest)
    return violated({"I13", "node " + std::to_string(site.id.value) +
                                " made a snapshot of what its log does not hold"});
  site.snapshot = node.filed = {base, *digest};
  ++counters_.snapshots_taken;
  for (Witness* witness : witnesses_) witness->snapshot_taken(site);
}

void World::snapshot_installed(Node& node, const raft::Base& base, bool used) {
  Site& site = node.site;
  ++counters_.snapshots_fetched;
  if (!used) {
    const std::optional<std::uint64_t> digest = prefix_at(site.written, base.id.index);
    if (digest && base.id.index > site.snapshot.base.id.index) site.snapshot = {base, *digest};
    if (digest && base.id.index > node.filed.base.id.index) node.filed = {base, *digest};
    return;
  }
  site.snapshot = node.filed = {base, site.machine.digest};
  for (Witness* witness : witnesses_) witness->snapshot_installed(site);
}

void World::rot_snapshots(NodeId id) {
  Node& node = mine(id);
  for (const env::Listed& file : node.platter.list_durable())
    if (file.name.starts_with("snapshot-")) node.platter.flip(file.name, 100, 3);
  node.snapshots_rotten = true;
}

// What it cannot read it has to do without, and what it can read is what was written.
void World::read_back(NodeId id, Index first, Index last) {
  Node& node = mine(id);
  if (!node.up()) return;
  let_climate_in(node);
  ProcessLoop& loop = node.whole->loop();
  if (node.pauses == 0 && loop.now() < now_) loop.advance(now_);
  for (Index i = first; i <= last; i = i.next())
    node.whole->shard().log().fetch(Whole::group, i.prev(), i, 1,
                                    [this, &node, i](const Result<raft::Batch>& read) {
                                      if (!read)
                                        return node.whole->replica().input(raft::Unreadable{i, i});
                                      if (begins_at(node, *read, i)) as_written(node, *read);
                                    });
  arm_process(node);
}

// ---- connections

void World::climate_changed() {
  streams_.pieces_ppm = plan_.climate.pieces_ppm;
  streams_.breaks_ppm = plan_.climate.breaks_ppm;
  streams_.flipped_ppm = plan_.climate.flipped_ppm;
}

void World::arm_cables() {
  const Time at = cables_.next_at();
  if (at >= cables_at_) return;
  cables_at_ = at;
  agenda_.add({.at = std::max(at, now_), .what = What::cables});
}

void World::run_cables() {
  if (now_ < cables_at_) return;  // it was called earlier since
  cables_at_ = never;
  while (!violation_ && cables_.next_at() <= now_) cables_.run_next();
  arm_cables();
}

}  // namespace bowline::sim

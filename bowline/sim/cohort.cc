// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/cohort.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/sim/hash.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr ClusterId cluster{77};

Incarnation first_life(NodeId id) { return {1000 + id.value}; }

raft::MembershipPtr founders(std::uint64_t nodes) {
  raft::Membership membership;
  membership.cluster = cluster;
  for (std::uint64_t id = 1; id <= nodes; ++id) {
    raft::Member member;
    member.id = {id};
    member.incarnation = first_life({id});
    membership.members.push_back(member);
  }
  return std::make_shared<const raft::Membership>(std::move(membership));
}

}  // namespace

Cohort::Cohort(CohortOptions options, std::uint64_t seed)
    : options_(std::move(options)),
      decisions_(seed),
      raft_options_(std::make_shared<const raft::Options>()),
      members_(founders(options_.nodes)),
      seeds_(mixed(seed, 1)) {
  nodes_.reserve(options_.nodes);
  for (std::uint64_t id = 1; id <= options_.nodes; ++id)
    nodes_.push_back(std::make_unique<Node>(decisions_, NodeId{id}));
}

std::string Cohort::named(NodeId id) { return "node " + std::to_string(id.value) + ": "; }

void Cohort::adopt(NodeId id, const Remains& remains) {
  Node& mine = node(id);
  mine.platter = remains.platter;
  mine.shadow = remains.shadow;
  mine.site.snapshot = remains.snapshot;
}

Remains Cohort::remains(NodeId id) const {
  const Node& mine = node(id);
  return {mine.platter, mine.shadow, mine.site.snapshot};
}

// --- time

bool Cohort::run_next(Time end) {
  Node* next = nullptr;
  Time at = never;
  for (const auto& one : nodes_) {
    const Time due = one->process == nullptr ? one->back_at : one->process->loop.next_at();
    if (due >= at) continue;
    at = due;
    next = one.get();
  }
  at = std::max(at, now_);
  if (next == nullptr || at > end) return false;
  now_ = at;
  if (next->process == nullptr) {
    start(next->site.id);
  } else {
    next->process->loop.advance(now_);
    next->process->loop.run_next();
  }
  look_after(*next);
  return true;
}

// The process may have met its end amid what it did.
void Cohort::look_after(Node& node) {
  if (node.process == nullptr) return;
  if (node.broken || !node.refused.empty()) node.platter.kill(node.chance);
  if (node.platter.alive(node.process->disk.process())) return;
  bury(node);
  if (!node.held && node.refused.empty()) node.back_at = now_ + options_.back_after;
}

bool Cohort::run_until(const std::function<bool()>& holds, Duration at_most) {
  const Time end = now_ + at_most;
  while (wrong.empty()) {
    if (holds()) return true;
    if (run_next(end)) continue;
    now_ = end;
    return holds();
  }
  return false;
}

void Cohort::run(Duration duration) {
  run_until([] { return false; }, duration);
}

// --- lives

void Cohort::start_all() {
  for (const auto& one : nodes_) start(one->site.id);
}

void Cohort::start(NodeId id) {
  Node& mine = node(id);
  if (mine.process != nullptr) return;
  mine.back_at = never;
  mine.refused.clear();
  mine.process = std::make_unique<DiskLife>(mine.platter, mine.chance, options_.climate, now_);
  DiskLife& process = *mine.process;
  mine.wake = process.loop.timer([this, &mine] { step(mine, raft::Woken{}); });
  const wal::Owner owner{.cluster = cluster, .node = id};
  process.log =
      std::make_unique<wal::Log>(process.env(), options_.log, owner, first_life(id), hooks(mine));
  process.log->open([this, &mine](Result<wal::Opened> result) { opened(mine, std::move(result)); });
}

void Cohort::bury(Node& node) {
  node.site.core.reset();
  node.core.reset();
  node.process.reset();
  node.account.reset();
  node.broken = node.flush_due = node.applying = node.snapshotting = false;
}

void Cohort::lose_power(NodeId id, std::optional<Loss> loss) {
  Node& mine = node(id);
  mine.platter.lose_power(mine.chance, loss);
  bury(mine);
  mine.back_at = never;
}

void Cohort::kill(NodeId id) {
  Node& mine = node(id);
  mine.platter.kill(mine.chance);
  bury(mine);
  mine.back_at = never;
}

wal::Log::Hooks Cohort::hooks(Node& node) {
  return {.persisted =
              [this, &node](GroupId, Seq seq) {
                const std::string what = node.shadow.persisted(seq);
                if (!what.empty()) return fail(named(node.site.id) + what);
                if (seq && node.site.core != nullptr) step(node, raft::Persisted{seq});
              },
          .broken = [&node](const Error&) { node.broken = true; },
          .unreadable =
              [this, &node](GroupId, Index first, Index last) {
                node.process->loop.soon([this, &node, first, last] {
                  if (node.site.core != nullptr) step(node, raft::Unreadable{first, last});
                });
              },
          .full = {}};
}

void Cohort::opened(Node& node, Result<wal::Opened> result) {
  if (!result) {
    node.refused = result.error().what;
    return;
  }
  node.account = result->account;
  raft::Found found;
  if (!result->groups.empty()) found = std::move(result->groups.front().found);
  const std::string what = node.shadow.recovered(found);
  if (!what.empty()) return fail(named(node.site.id) + what);
  node.site.written = node.shadow.written();
  if (options_.whole) begin(node, std::move(found));
}

// The log may be older than the snapshot beside it: then it begins there, with nothing in it.
void Cohort::begin(Node& node, raft::Found found) {
  Site& site = node.site;
  const Snapshot& snapshot = site.snapshot;
  if (found.base.membership == nullptr && !snapshot.base.id.index) {
    found.base.membership = members_;
    write_base(node, found.base, false);
  }
  if (snapshot.base.id.index && !contains(site.written, snapshot.base.id)) {
    found = {.hard_state = found.hard_state,
             .base = snapshot.base,
             .entries = {},
             .configs = {},
             .damaged = {}};
    write_base(node, snapshot.base, true);
  }
  site.machine = {snapshot.base.id, snapshot.digest};
  node.apply_through = snapshot.base.id.index;
  site.incarnation = node.account->identity.disk;
  seeds_ = mixed(seeds_, site.id.value);
  site.core = node.core = std::make_shared<raft::Core>(
      raft_options_,
      raft::Identity{
          .self = site.id, .cluster = cluster, .incarnation = site.incarnation, .seed = seeds_},
      std::move(found), now_);
  node.process->loop.set(node.wake, site.core->deadline());
}

void Cohort::write_base(Node& node, const raft::Base& base, bool discard) {
  raft::Persist write{.seq = {},
                      .hard_state = {},
                      .base = base,
                      .discard = discard,
                      .cut_after = {},
                      .repaired = {},
                      .entries = {}};
  persist(node, write);
}

void Cohort::give(NodeId id, raft::Input input) {
  Node& mine = node(id);
  if (mine.site.core == nullptr || !wrong.empty()) return;
  mine.process->loop.advance(now_);
  step(mine, std::move(input));
}

// --- questions

NodeId Cohort::leader() const {
  const raft::Core* best = nullptr;
  for (const auto& one : nodes_) {
    const raft::Core* core = one->site.core.get();
    if (core == nullptr || core->role() != raft::Role::leader) continue;
    if (best == nullptr || best->term() < core->term()) best = core;
  }
  return best == nullptr ? NodeId{} : best->self();
}

void Cohort::read_back(NodeId id) {
  Node& mine = node(id);
  const Image& image = mine.shadow.written();
  Index at = image.base.id.index;
  while (at < image.last() && wrong.empty()) {
    std::optional<Result<raft::Batch>> answer;
    log(id).fetch(the_group, at, image.last(), 30'000,
                  [&](Result<raft::Batch> batch) { answer = std::move(batch); });
    run_until([&] { return answer.has_value() || !running(id); }, 10s);
    if (!answer || !*answer || (*answer)->empty())
      return fail(named(id) + "entry " + std::to_string(at.value + 1) + " cannot be read");
    for (const raft::Entry& entry : **answer) {
      if (!as_written(mine, entry)) return;
      at = entry.id.index;
    }
  }
}

// Nobody has to wait for a timeout here: that is not what is looked at.
void Cohort::hurry() {
  Prng prng(mixed(seeds_, static_cast<std::uint64_t>(now_.since_start.count())));
  const NodeId id{1 + prng.below(nodes())};
  if (core(id) != nullptr && !core(id)->damage().any()) give(id, raft::Campaign{});
}

bool Cohort::settles(Duration at_most) {
  const Time end = now_ + at_most;
  Index goal;
  while (now_ < end && wrong.empty()) {
    if (!leader()) hurry();
    if (!run_until([this] { return static_cast<bool>(leader()); }, 150ms)) continue;
    give(leader(), raft::Propose{{++tickets_}, {Bytes::copy("settled")}, {}});
    if (leader()) goal = core(leader())->outline().last().index;
    const auto done = [&] {
      return std::ranges::all_of(nodes_, [&](const auto& one) {
        if (one->process == nullptr) return !one->refused.empty() || one->held;
        const raft::Core* core = one->site.core.get();
        return core != nullptr && core->commit() >= goal && !core->damage().any() &&
               one->site.machine.applied.index >= goal && one->process->log->idle();
      });
    };
    if (run_until(done, 500ms)) return true;
  }
  return false;
}

bool Cohort::all_vote() {
  std::vector<raft::Wanted> wanted;
  for (const auto& one : nodes_) wanted.emplace_back().id = one->site.id;
  const auto done = [this] {
    if (!leader()) return false;
    const raft::Membership& members = *core(leader())->memberships().latest().membership;
    return members.settled() && members.voters() == nodes();
  };
  for (std::uint64_t tries = 0; tries < 20 && !done(); ++tries) {
    if (!leader()) hurry();
    if (leader()) give(leader(), raft::Reconfigure{{++tickets_}, wanted, {}});
    run_until(done, 500ms);
  }
  return done();
}

std::string Cohort::stuck() const {
  if (!wrong.empty()) return wrong;
  std::string text = "the group does not go on";
  for (const auto& one : nodes_) {
    text += "; " + named(one->site.id);
    const raft::Core* core = one->site.core.get();
    if (core == nullptr) {
      text += one->refused.empty() ? "down" : one->refused;
      continue;
    }
    text += "term " + std::to_string(core->term().value) + ", log " +
            std::to_string(core->outline().base().index.value) + " to " +
            std::to_string(core->outline().last().index.value) + ", commit " +
            std::to_string(core->commit().value) + ", applied " +
            std::to_string(one->site.machine.applied.index.value);
    if (core->role() == raft::Role::leader) text += ", leads";
    if (core->damage().any())
      text += ", damaged from " + std::to_string(core->damage().first().value);
    if (!one->process->log->idle()) text += ", its log is busy";
  }
  return text;
}

void Cohort::audit() {
  for (const LogId id : record.acknowledged) {
    const auto at = record.applied.find(id.index);
    if (at == record.applied.end() || at->second.id != id)
      return fail("entry " + std::to_string(id.index.value) + " of term " +
                  std::to_string(id.term.value) + " was acknowledged, and is lost");
  }
  for (const auto& one : nodes_)
    if (one->site.core != nullptr && !record.acknowledged.empty() &&
        one->site.machine.applied.index < record.acknowledged.back().index)
      return fail(named(one->site.id) + "it never applies what was acknowledged");
}

}  // namespace bowline::sim

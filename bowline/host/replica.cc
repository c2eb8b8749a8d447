// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/replica.h"

#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/host/mark.h"
#include "bowline/words/describe.h"

namespace bowline::host {
namespace {

// One write of a turn that is larger would only be split again.
constexpr std::uint64_t most_gathered_bytes = 1 << 20;
constexpr std::size_t most_gathered = 4096;

void set_ticket(raft::Input& input, Ticket ticket) {
  std::visit(
      [&](auto& one) {
        if constexpr (requires { one.ticket; }) one.ticket = ticket;
      },
      input);
}

}  // namespace

Replica::Replica(GroupId group, const Desks& desks, GroupOptions options, Start start,
                 machine::StateMachine& machine, Hooks& hooks)
    : group_(group),
      desks_(desks),
      options_(std::move(options)),
      machine_(machine),
      hooks_(hooks),
      core_(options_.raft, start.identity, std::move(start.found), desks.env.clock.now()),
      waiters_(start.tickets),
      laps_(desks.meters.stages),
      applier_(desks.log, group, machine, options_.slice_bytes, *this, desks.scratch.applier),
      snapshot_(start.snapshot),
      stateless_(start.stateless),
      timer_(desks.env.loop.timer([this] { woken(); })) {
  applier_.restored(start.machine);
  if (stateless_) applier_.hold();
}

Replica::~Replica() {
  desks_.env.loop.drop(timer_);
  if (state_timer_) desks_.env.loop.drop(state_timer_);
}

void Replica::begin() {
  if (desks_.onlooker != nullptr) desks_.onlooker->started(*this);
  arm();
  if (stateless_) return fetch_state();
  // A durable machine was ahead of the log, which begins there now: others may need what is before.
  if (core_.outline().base().index > snapshot_.index) take_snapshot({});
}

void Replica::end() {
  waiters_.end();
  laps_.end();
  const Refused stopped{raft::Refusal::stopped, {}};
  for (auto& [what, reply] : std::exchange(operations_, {})) reply(stopped);
  for (Gathered& batch : std::exchange(gathered_, {}))
    for (Reply& reply : batch.replies) reply(stopped);
  for (auto& [kind, replies] : std::exchange(reads_, {}))
    for (ReadReply& reply : replies) reply(stopped);
  if (old_reads_)
    for (auto& [at_most, reply] : std::exchange(old_reads_->waiting, {})) reply(stopped);
  const Error gone{Fault::not_found, "the group is not on this node any more"};
  for (auto& want : std::exchange(want_snapshot_, {})) want(std::unexpected(gone));
}

// ---- requests

void Replica::propose(Bytes command, Term expected, Reply reply) {
  const std::uint64_t weight = command.size() + raft::entry_overhead;
  const bool joins = !gathered_.empty() && gathered_.back().expected == expected &&
                     gathered_.back().bytes + weight <= most_gathered_bytes &&
                     gathered_.back().commands.size() < most_gathered;
  if (!joins) gathered_.push_back({{}, {}, expected, 0, desks_.env.clock.now()});
  Gathered& batch = gathered_.back();
  batch.commands.push_back(std::move(command));
  batch.replies.push_back(std::move(reply));
  batch.bytes += weight;
  due();
}

void Replica::propose_all(std::vector<Bytes> commands, Term expected, std::vector<Reply> replies) {
  ensure(commands.size() == replies.size());
  if (commands.empty()) return;
  gathered_.push_back({std::move(commands), std::move(replies), expected, most_gathered_bytes,
                       desks_.env.clock.now()});
  due();
}

void Replica::read(raft::ReadKind kind, ReadReply reply) {
  auto reads = std::ranges::find(reads_, kind, &GatheredReads::kind);
  if (reads == reads_.end()) reads = reads_.insert(reads, {kind, {}});
  reads->replies.push_back(std::move(reply));
  due();
}

void Replica::operate(raft::Input input, Reply reply) {
  operations_.push_back({std::move(input), std::move(reply)});
  due();
}

void Replica::barrier(Reply reply) { operate(raft::Barrier{}, std::move(reply)); }

void Replica::transfer(NodeId to, Reply reply) {
  operate(raft::Transfer{{}, to}, std::move(reply));
}

void Replica::reconfigure(std::vector<raft::Wanted> wanted, std::optional<Index> expected,
                          Reply reply) {
  operate(raft::Reconfigure{{}, std::move(wanted), expected}, std::move(reply));
}

void Replica::cancel_change(Reply reply) { operate(raft::CancelChange{}, std::move(reply)); }

void Replica::recover(ClusterId anew, Reply reply) {
  operate(raft::Recover{{}, anew}, std::move(reply));
}

std::optional<Duration> Replica::patience() const {
  if (!options_.hand_over_when_stalled) return std::nullopt;
  return options_.raft->election;
}

void Replica::disk_stalls(Duration busy) {
  const bool led = core_.role() == raft::Role::leader;
  input(raft::Stalled{true});
  const bool leads = core_.role() == raft::Role::leader;
  if (led && (!leads || core_.heir())) hooks_.news(group_, HandsOver{core_.heir(), busy});
}

void Replica::tune(GroupOptions options) {
  options_ = std::move(options);
  if (!options_.hand_over_when_stalled) input(raft::Stalled{false});
  applier_.set_slice(options_.slice_bytes);
  input(raft::Tune{options_.raft});
  hooks_.tuned(group_);
}

// Our machine cannot follow what is committed here.
bool Replica::lags() const {
  const Index from = std::max(applied().index, core_.outline().base().index);
  return core_.role() == raft::Role::leader && core_.commit() > from &&
         core_.outline().weight(from, core_.commit()) > options_.unapplied_bytes;
}

void Replica::give_gathered() {
  for (auto& [what, reply] : std::exchange(operations_, {})) {
    const auto* const recover = std::get_if<raft::Recover>(&what);
    const ClusterId anew = recover == nullptr ? ClusterId{} : recover->cluster;
    if (anew && awaits_newer_state()) {
      reply(Refused{raft::Refusal::not_ready, {}});
      continue;
    }
    set_ticket(what, waiters_.operate(std::move(reply)));
    input(std::move(what));
    const raft::MembershipPtr& members = core_.memberships().latest().membership;
    if (anew && members != nullptr && members->cluster == anew) give_up_fetched();
  }
  for (Gathered& batch : std::exchange(gathered_, {})) {
    if (lags()) {
      for (Reply& reply : batch.replies) reply(Refused{raft::Refusal::full, {}});
      continue;
    }
    const std::uint64_t count = batch.commands.size();
    desks_.meters.counters.proposals += count;
    ++desks_.meters.counters.batches;
    const Ticket ticket = waiters_.propose(std::move(batch.replies));
    laps_.given(ticket, count, batch.asked, desks_.env.clock.now());
    input(raft::Propose{ticket, std::move(batch.commands), batch.expected});
  }
  for (auto& [kind, replies] : std::exchange(reads_, {})) {
    desks_.meters.counters.reads += replies.size();
    input(raft::Read{waiters_.read(std::move(replies)), kind});
  }
}

// ---- the core

// A hook of what we carry out may come back to us. It has to wait: no step begins in another.
void Replica::input(raft::Input in) {
  if (*desks_.broken) return;
  if (stepping_) return next_.push_back(std::move(in));
  stepping_ = true;
  step(std::move(in));
  while (!next_.empty())
    for (raft::Input& one : std::exchange(next_, {})) step(std::move(one));
  stepping_ = false;
  rests_ = rests_ && core_.asleep();
  arm();
  due();
}

void Replica::persisted(Seq seq) {
  if (desks_.onlooker != nullptr) desks_.onlooker->persisted(*this, seq);
  input(raft::Persisted{seq});
  if (!laps_.empty()) laps_.durable(core_.outline().durable(), desks_.env.clock.now());
  if (!mends_ || seq < mends_) return;
  mends_ = {};
  applier_.again();  // only now does the disk give what it had lost
}

void Replica::step(raft::Input in) {
  raft::Effects effects;
  effects.swap(desks_.scratch.effects);
  ensure(effects.empty());
  const Time now = desks_.env.clock.now();
  const auto* const received = std::get_if<raft::Received>(&in);
  const NodeId from = received == nullptr ? NodeId{} : received->from;
  const raft::PostMortem post_mortem(core_);
  if (desks_.onlooker == nullptr) {
    core_.step(now, std::move(in), effects);
  } else {
    const raft::Input seen = in;
    core_.step(now, std::move(in), effects);
    desks_.onlooker->stepped(*this, seen, effects);
  }
  if (from && from == core_.leader()) heard_leader_ = now;
  for (raft::Effect& effect : effects) std::visit([this](auto& one) { perform(one); }, effect);
  effects.clear();
  effects.swap(desks_.scratch.effects);
}

void Replica::woken() {
  if (planted(Bug::p53_heartbeats_wait_for_the_disk) && !desks_.log.idle())
    return desks_.env.loop.set(timer_, desks_.env.clock.now() + std::chrono::milliseconds(1));
  input(raft::Woken{});
}

void Replica::arm() { desks_.env.loop.set(timer_, core_.deadline()); }

void Replica::perform(raft::Persist& write) {
  if (!write.repaired.empty()) mends_ = write.seq;
  desks_.log.submit(group_, std::move(write));
}

void Replica::perform(raft::Send& send) { desks_.courier.send(group_, std::move(send)); }
void Replica::perform(raft::SendSpan& send) { desks_.courier.send(group_, std::move(send)); }
void Replica::perform(raft::SendEntries& send) { desks_.courier.send(group_, std::move(send)); }
void Replica::perform(raft::Commit& commit) {
  if (planted(Bug::p17_place_apart_from_the_data)) mark(commit.through);
  applier_.advance(commit.through);
}

void Replica::perform(raft::Restore& restore) {
  hooks_.news(group_, SnapshotWanted{restore.from, restore.base.id});
  hooks_.restore(group_, restore.from, restore.base);
}

void Replica::perform(raft::Admitted& told) {
  laps_.admitted(told);
  waiters_.admitted(told);
}

void Replica::perform(raft::Refused& told) {
  ++desks_.meters.counters.refused;
  laps_.refused(told.ticket);
  waiters_.refused(told);
}

void Replica::perform(raft::Decided& told) {
  if (told.outcome == raft::Outcome::unknown) ++desks_.meters.counters.unknown;
  if (told.outcome == raft::Outcome::overruled) ++desks_.meters.counters.overruled;
  if (!laps_.empty()) laps_.decided(told, desks_.env.clock.now());
  waiters_.decided(told, core_, applied().index);
}

void Replica::perform(raft::ReadReady& told) { waiters_.read_ready(told, applied().index); }

void Replica::perform(raft::RoleChanged& change) {
  if (change.role == raft::Role::candidate) ++desks_.meters.counters.candidacies;
  if (change.role == raft::Role::leader) ++desks_.meters.counters.terms_led;
  hooks_.role(group_, change);
  hooks_.news(group_, change);
}

void Replica::perform(raft::MembershipChanged& change) {
  hooks_.members(*change.config.membership);
  hooks_.news(group_, change);
}

// ---- the machine

void Replica::slice() {
  applier_.slice();
  if (compaction_waits_) compact();
  rest_if_asleep();
}

// Ten thousand groups are small because each of them is.
void Replica::rest_if_asleep() {
  const bool rests = core_.asleep() && applier_.done();
  if (!rests || std::exchange(rests_, true)) return;
  desks_.log.rest(group_);
}

// A machine that is durable by itself: all that it was given is on its disk along with this.
void Replica::mark(Index at) {
  machine::Durable* const durable = machine_.durable();
  if (durable != nullptr) durable->mark(encode_mark(group_, core_.base_at(at)));
}

void Replica::was_applied(std::span<const raft::Entry> entries, std::span<std::string> answers) {
  std::vector<LogId>& ids = desks_.scratch.ids;
  ids.clear();
  for (const raft::Entry& entry : entries) {
    ids.push_back(entry.id);
    applied_bytes_ += entry.payload.size() + raft::entry_overhead;
    if (desks_.onlooker != nullptr) desks_.onlooker->applied(*this, entry);
  }
  desks_.meters.counters.applied += entries.size();
  mark(entries.back().id.index);
  if (laps_.empty()) {
    waiters_.applied(ids, answers);
  } else {
    const Time reached = desks_.env.clock.now();
    waiters_.applied(ids, answers);
    laps_.applied(applied().index, reached, desks_.env.clock.now());
  }
  snapshot_if_due();
}

void Replica::snapshot_if_due() {
  if (taking_ || installing_ || stateless_ || applied().index < not_before_) return;
  const std::uint64_t entries = applied().index - snapshot_.index;
  const bool by_entries = options_.snapshot_entries > 0 && entries >= options_.snapshot_entries;
  const bool by_bytes = options_.snapshot_bytes > 0 && applied_bytes_ >= options_.snapshot_bytes;
  if (by_bytes || (by_entries && is_worth_a_snapshot())) take_snapshot({});
}

bool Replica::is_worth_a_snapshot() const {
  const Manifest* const newest = desks_.snapshots.newest(group_);
  return newest == nullptr || applied_bytes_ >= newest->bytes * options_.snapshot_permille / 1000;
}

void Replica::take_snapshot(env::Done<Result<raft::Base>> done) {
  if (done) want_snapshot_.push_back(std::move(done));
  if (taking_ || installing_) return;
  const Index at = applied().index;
  const bool possible = !stateless_ && at > snapshot_.index && at >= core_.outline().base().index &&
                        at <= core_.commit();
  if (!possible) {
    const Error why{Fault::not_found, "there is nothing new to make a snapshot of"};
    for (auto& wants : std::exchange(want_snapshot_, {})) wants(std::unexpected(why));
    return;
  }
  taking_ = true;
  applied_bytes_ = 0;
  const raft::Base base = core_.base_at(at);
  desks_.snapshots.take(
      group_, base, machine_.snapshot(),
      life_.guard([this, base](const Result<void>& taken) { snapshot_taken(base, taken); }));
  hooks_.busy();
}

// It is durable; only now may the log forget what it covers.
void Replica::snapshot_taken(const raft::Base& base, const Result<void>& taken) {
  taking_ = false;
  auto wants = std::exchange(want_snapshot_, {});
  if (!taken) {
    if (taken.error().fault == Fault::io) hooks_.broken(taken.error());
    hooks_.news(group_, SnapshotFailed{taken.error().what});
    not_before_ = applied().index + std::max<std::uint64_t>(options_.snapshot_entries / 8, 1);
    for (auto& want : wants) want(std::unexpected(taken.error()));
    return;
  }
  for (auto& want : wants) want(base);
  if (base.id.index <= snapshot_.index) return;  // one came from another node meanwhile
  snapshot_ = base.id;
  ++desks_.meters.counters.snapshots_taken;
  if (desks_.onlooker != nullptr) desks_.onlooker->snapshot_taken(*this, base);
  hooks_.news(group_, SnapshotTaken{base});
  compact();
}

// The log forgets what the snapshot covers, but for what somebody will need soon.
void Replica::compact() {
  if (snapshot_.index.value <= options_.keep_entries) return;
  const Index through{snapshot_.index.value - options_.keep_entries};
  if (through <= core_.outline().base().index) return;
  compaction_waits_ = is_lacking(through);
  if (!compaction_waits_) input(raft::Compacted{through});
}

// Does somebody lack an entry through here who will be there soon?
bool Replica::is_lacking(Index through) const {
  const raft::Outline& log = core_.outline();
  const std::uint64_t kept = log.weight(log.base().index, log.last().index);
  if (core_.role() != raft::Role::leader || kept > options_.keep_bytes_for_members) return false;
  // Who is silent for so long may be gone for good.
  const Time since = desks_.env.clock.now();
  return std::ranges::any_of(core_.peers(), [&](const raft::Progress& peer) {
    return peer.match() < through && since - peer.heard() < 2 * options_.raft->election;
  });
}

void Replica::fetched(LogId through, Result<raft::Base> base) {
  if (base) return install(*std::move(base));
  if (base.error().fault == Fault::io) hooks_.broken(base.error());
  hooks_.news(group_, SnapshotNotFetched{through, base.error().what});
  input(raft::RestoreFailed{through});
}

// What the log does not hold any more only the others have. Until then we follow, vote and even
// lead, but apply nothing, and serve no read.
void Replica::fetch_state() {
  if (!stateless_) return;
  raft::Base base = core_.base_at(core_.outline().base().index);
  base.membership = core_.memberships().latest().membership;
  hooks_.restore_state(group_, base);
}

// A forced recovery makes our log the truth. A snapshot that was asked for before may be of what
// the log does not have, and nobody has any more.
void Replica::give_up_fetched() {
  hooks_.stop_fetching(group_);
  if (stateless_)
    state_fetched(std::unexpected(Error{Fault::not_found, "the group was recovered"}));
}

// It knows more than our log, and our own snapshot is gone for it: nobody may decide without it.
bool Replica::awaits_newer_state() const {
  const Manifest* const newest = desks_.snapshots.newest(group_);
  return installing_ || (newest != nullptr && newest->base.id.index > applied().index);
}

bool Replica::contradicts(LogId id) const {
  const auto term = core_.outline().term_at(id.index);
  return id.index <= core_.commit() && term && *term != id.term;
}

void Replica::state_fetched(Result<raft::Base> base) {
  if (base && contradicts(base->id)) {
    desks_.snapshots.forget(group_);
    base = std::unexpected(Error{Fault::corrupt, "it is of a history that was given up"});
  }
  if (base) return install(*std::move(base));
  if (base.error().fault == Fault::io) return hooks_.broken(base.error());
  if (!state_timer_) state_timer_ = desks_.env.loop.timer([this] { fetch_state(); });
  desks_.env.loop.set(state_timer_, desks_.env.clock.now() + std::chrono::milliseconds(500));
}

// Nothing is applied while the state is replaced. It is not, if it was further by itself. One after
// the other: an older one that takes longer must not end last.
void Replica::install(raft::Base base) {
  if (installing_) {
    install_next_ = std::make_unique<raft::Base>(std::move(base));
    return;
  }
  if (base.id.index <= applied().index) {
    snapshot_ = std::max(snapshot_, base.id);
    if (desks_.onlooker != nullptr) desks_.onlooker->snapshot_installed(*this, base, false);
    hooks_.news(group_, SnapshotInstalled{base, false});
    return input(raft::Restored{std::move(base)});
  }
  applier_.hold();
  installing_ = true;
  desks_.snapshots.load(
      group_, machine_.restore(),
      life_.guard([this, base](Result<raft::Base> loaded) { installed(base, std::move(loaded)); }));
  hooks_.busy();
}

// What was loaded is the newest that there is, and may be newer than what was asked for.
void Replica::installed(const raft::Base& wanted, Result<raft::Base> loaded) {
  installing_ = false;
  if (!loaded) {
    applier_.release();
    if (loaded.error().fault == Fault::io) hooks_.broken(loaded.error());
    input(raft::RestoreFailed{wanted.id});
    if (stateless_) state_fetched(std::unexpected(Error{Fault::corrupt, "it could not be read"}));
    return install_waiting();
  }
  snapshot_ = std::max(snapshot_, loaded->id);
  applied_bytes_ = 0;
  if (machine_.durable() != nullptr) machine_.durable()->mark(encode_mark(group_, *loaded));
  applier_.restored(loaded->id);
  applier_.release();
  if (std::exchange(stateless_, false)) applier_.release();
  waiters_.restored(loaded->id.index);
  if (desks_.onlooker != nullptr) desks_.onlooker->snapshot_installed(*this, *loaded, true);
  ++desks_.meters.counters.snapshots_installed;
  hooks_.news(group_, SnapshotInstalled{*loaded, true});
  input(raft::Restored{*std::move(loaded)});
  install_waiting();
}

void Replica::install_waiting() {
  if (install_next_) return install(*std::exchange(install_next_, nullptr));
  if (!want_snapshot_.empty()) take_snapshot({});
}

}  // namespace bowline::host

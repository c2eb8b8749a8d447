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
      applier_(desks.env.clock, desks.log, group, machine, options_.slice_bytes, *this,
               desks.scratch.applier),
      snapshot_(start.snapshot),
      stateless_(start.stateless),
      timer_(desks.env.loop.timer([this] { woken(); })) {
  applier_.restored(start.machine);
  if (stateless_) applier_.hold();
}

Replica::~Replica() {
  desks_.env.loop.drop(timer_);
  if (state_timer_) desks_.env.loop.drop(state_timer_);
  if (age_timer_) desks_.env.loop.drop(age_timer_);
  if (old_reads_) desks_.env.loop.drop(old_reads_->timer);
  if (awaits_leader_) desks_.env.loop.drop(awaits_leader_->timer);
}

void Replica::begin() {
  if (desks_.onlooker != nullptr) desks_.onlooker->started(*this);
  arm();
  if (stateless_) return fetch_state();
  snapshot_in_time();
  // A durable machine was ahead of the log, which begins there now: others may need what is before.
  if (core_.outline().base().index > snapshot_.index) take_snapshot({});
}

// It is destroyed a little later. Until then a timer that is due at this instant may still ring,
// and must not touch the machine or the log: what was said of them here is the last word.
void Replica::end() {
  ended_ = true;
  applier_.hold();
  dismiss(not_here());
}

// Nothing rings any more, and nobody waits. What the core was never given is refused: that nobody
// will ever do.
void Replica::dismiss(const Error& why) {
  for (const env::TimerId timer : {timer_, state_timer_, age_timer_})
    if (timer) desks_.env.loop.set(timer, never);
  const Refused stopped{raft::Refusal::stopped, {}};
  // First: the read that is to prove their age would let them have what they ask for.
  if (old_reads_) {
    desks_.env.loop.set(old_reads_->timer, never);
    for (auto& [until, read] : std::exchange(old_reads_->waiting, {})) read.reply(stopped);
  }
  tell_leader(std::unexpected(why));
  waiters_.end();
  laps_.end();
  unwritten_.end();
  for (Reply& reply : std::exchange(refused_, {})) reply(stopped);
  for (auto& [what, reply] : std::exchange(operations_, {})) reply(stopped);
  for (Gathered& batch : std::exchange(gathered_, {}))
    for (Reply& reply : batch.replies) reply(stopped);
  for (auto& [kind, replies] : std::exchange(reads_, {}))
    for (ReadReply& reply : replies) reply(stopped);
  for (auto& want : std::exchange(want_snapshot_, {})) want(std::unexpected(why));
}

bool Replica::anybody_waits() const {
  return !waiters_.empty() || !refused_.empty() || !gathered_.empty() || !reads_.empty() ||
         !operations_.empty() || !want_snapshot_.empty() ||
         (old_reads_ != nullptr && !old_reads_->waiting.empty());
}

std::optional<Error> Replica::cannot_go_on() const {
  if (ended_) return not_here();
  if (*desks_.broken) return disk_failed();
  if (failure_) return Error{Fault::not_found, text(*failure_)};
  return std::nullopt;
}

// ---- requests

void Replica::propose(Bytes command, Term expected, Reply reply) {
  auto share = desks_.backlog.take(command.size() + Backlog::overhead);
  if (!share) return refuse_later(std::move(reply));
  const std::uint64_t weight = command.size() + raft::entry_overhead;
  Gathered& batch = batch_for(expected, weight);
  batch.commands.push_back(std::move(command));
  batch.replies.push_back(std::move(reply));
  batch.bytes += weight;
  batch.share.join(*std::move(share));
  due();
}

Replica::Gathered& Replica::batch_for(Term expected, std::uint64_t weight) {
  const bool joins = !gathered_.empty() && gathered_.back().expected == expected &&
                     gathered_.back().bytes + weight <= most_gathered_bytes &&
                     gathered_.back().commands.size() < most_gathered;
  if (!joins) gathered_.push_back({{}, {}, expected, 0, {}, desks_.env.clock.now()});
  return gathered_.back();
}

// Nobody is told before the call returns.
void Replica::refuse_later(Reply reply) {
  refused_.push_back(std::move(reply));
  due();
}

void Replica::propose_all(std::vector<Bytes> commands, Term expected, std::vector<Reply> replies) {
  ensure(commands.size() == replies.size());
  if (commands.empty()) return;
  std::uint64_t weight = commands.size() * Backlog::overhead;
  for (const Bytes& command : commands) weight += command.size();
  auto share = desks_.backlog.take(weight, commands.size());
  if (!share) {
    for (Reply& reply : replies) refuse_later(std::move(reply));
    return;
  }
  gathered_.push_back({std::move(commands), std::move(replies), expected, most_gathered_bytes,
                       *std::move(share), desks_.env.clock.now()});
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
  // What is older already than it may be now is due at once.
  if (ages_) set_age();
  snapshot_in_time();
  input(raft::Tune{options_.raft});
  hooks_.tuned(group_);
}

// Our machine cannot follow what is committed here.
bool Replica::lags() const {
  const Index from = std::max(applied().index, core_.outline().base().index);
  return core_.role() == raft::Role::leader && core_.commit() > from &&
         core_.outline().weight(from, core_.commit()) > options_.unapplied_bytes;
}

// A barrier is an entry, and over when the machine has passed it: all before it is applied then.
// Of anything else it counts that it is decided.
Ticket Replica::ticket_for(const raft::Input& what, Reply reply) {
  if (!std::holds_alternative<raft::Barrier>(what)) return waiters_.operate(std::move(reply));
  std::vector<Reply> one;
  one.push_back(std::move(reply));
  return waiters_.propose(std::move(one));
}

void Replica::give_gathered() {
  if (failure_) return dismiss(*cannot_go_on());
  for (Reply& reply : std::exchange(refused_, {})) reply(Refused{raft::Refusal::full, {}});
  for (auto& [what, reply] : std::exchange(operations_, {})) {
    const auto* const recover = std::get_if<raft::Recover>(&what);
    const ClusterId anew = recover == nullptr ? ClusterId{} : recover->cluster;
    if (anew && awaits_newer_state()) {
      reply(Refused{raft::Refusal::not_ready, {}});
      continue;
    }
    set_ticket(what, ticket_for(what, std::move(reply)));
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
    unwritten_.given(ticket, count, std::move(batch.share));
    input(raft::Propose{ticket, std::move(batch.commands), batch.expected});
  }
  for (auto& [kind, replies] : std::exchange(reads_, {})) give_reads(kind, std::move(replies));
}

// ---- the core

// A hook of what we carry out may come back to us. It has to wait: no step begins in another.
void Replica::input(raft::Input in) {
  if (*desks_.broken || ended_ || failure_) return;
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
  unwritten_.persisted(core_.outline());
  // One that was removed, and stops, does not count any more what is on its disk.
  if (core_.stopped() && seq >= asked_) {
    unwritten_.end();
    laps_.end();
  }
  applier_.landed();
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
  asked_ = write.seq;
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
  unwritten_.admitted(told);
  waiters_.admitted(told);
}

void Replica::perform(raft::Refused& told) {
  ++desks_.meters.counters.refused;
  laps_.refused(told.ticket);
  unwritten_.refused(told.ticket);
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
  if (change.leader) tell_leader(change.leader);
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

// What it would have to do next is committed, so there is no way around it; and whatever it says
// from now on could be wrong. The others go on if their machines do: to them we are as silent as a
// node that is gone.
void Replica::machine_threw(Index first, Index last, std::string what) {
  failure_ = std::make_unique<MachineThrew>(MachineThrew{first, last, std::move(what)});
  hooks_.news(group_, *failure_);
  dismiss(*cannot_go_on());
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

}  // namespace bowline::host

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <utility>

#include "bowline/host/mark.h"
#include "bowline/host/shard.h"

// How a group begins on this node: anew, with what its log and its snapshot say, or with what its
// machine kept by itself.
namespace bowline::host {
namespace {

bool holds(const raft::Found& found, LogId id) {
  if (found.base.id == id) return true;
  return std::ranges::any_of(found.entries, [id](const raft::Held& held) {
    return held.last.term == id.term && held.first() <= id.index && id.index <= held.last.index;
  });
}

constexpr LogId imported_id{{1}, {1}};

raft::Persist from_the_start(const raft::Base& base, const raft::HardState& hard) {
  raft::Persist write;
  if (hard != raft::HardState{}) write.hard_state = hard;
  write.base = base;
  write.discard = true;
  return write;
}

// Of a member that founded its group, and of which no vote or answer has left yet: its state may be
// on the disk before anything else. Without a term it would be taken for one that lost its disk,
// and have no say. As it is: it has heard of that term, and promised nothing in it.
raft::HardState first_state(const raft::Found& found, const raft::Base& state) {
  const bool founded = found.base.membership != nullptr && !found.base.id.index;
  if (!founded || found.hard_state != raft::HardState{}) return {};
  return {std::max(state.id.term, state.known_in), {}, {}, false};
}

}  // namespace

Result<std::optional<raft::Base>> Shard::place_of(GroupId group, machine::StateMachine& machine) {
  if (std::string fault = machine.fault(); !fault.empty())
    return std::unexpected(Error{Fault::invalid, "the machine of a group: " + fault});
  machine::Durable* const durable = machine.durable();
  const std::string mark = durable == nullptr ? std::string() : durable->marked();
  if (mark.empty()) return std::nullopt;
  Result<raft::Base> base = decode_mark(group, mark);
  if (!base) return std::unexpected(base.error());
  return std::optional(*std::move(base));
}

// Where the state is, or can be at once: by a snapshot, or in a machine that kept it. Null:
// nowhere.
const raft::Base* Shard::furthest(GroupId group) const {
  const std::optional<raft::Base>& place = beginning_.at(group).place;
  const Manifest* const newest = snapshots_->newest(group);
  if (newest == nullptr || (place && place->id.index >= newest->base.id.index))
    return place ? &*place : nullptr;
  return &newest->base;
}

// The log may have to begin anew before the core lives: at its founding, or where a snapshot or the
// machine is ahead of it because a crash came between the two.
void Shard::start(GroupId group, Birth birth, machine::StateMachine& machine,
                  env::Done<Result<Replica*>> done) {
  if (std::optional<Error> wrong = cannot_start(group, birth.options))
    return env_.loop.soon(life_.guard(
        [done = std::move(done), wrong = *wrong]() mutable { done(std::unexpected(wrong)); }));
  Result<std::optional<raft::Base>> place = place_of(group, machine);
  if (!place)
    return env_.loop.soon(life_.guard([done = std::move(done), wrong = place.error()]() mutable {
      done(std::unexpected(wrong));
    }));
  Beginning& begins = beginning_[group];
  begins = {std::move(birth), &machine, *std::move(place), {}, std::move(done), ++beginnings_};
  if (const auto found = found_.find(group); found != found_.end()) {
    begins.found = std::move(found->second);
    found_.erase(found);
  }
  const raft::Found& found = begins.found;
  const raft::Base* const newest = furthest(group);
  const bool may_import = newest == nullptr || newest->id == imported_id;
  if (is_founded_now(begins) && begins.birth.state && may_import) return import_state(group);
  if (is_founded_now(begins) && newest == nullptr)
    return begin_at(group, {{}, begins.birth.founders, {}, {}}, {});
  if (newest != nullptr && newest->id.index > found.base.id.index && !holds(found, newest->id))
    return begin_at(group, *newest, first_state(found, *newest));
  env_.loop.soon(life_.guard([this, group, number = begins.number] {
    if (beginning(group, number) != nullptr) based(group);
  }));
}

bool Shard::is_founded_now(const Beginning& begins) {
  return begins.birth.founders != nullptr && begins.found.base.membership == nullptr &&
         begins.found.hard_state == raft::HardState{};
}

void Shard::begin_at(GroupId group, const raft::Base& base, const raft::HardState& hard) {
  raft::Found& found = beginning_.at(group).found;
  found.entries.clear();
  found.configs.clear();
  found.damaged.clear();
  found.base = base;
  if (hard != raft::HardState{}) found.hard_state = hard;
  log_->submit(group, from_the_start(base, hard));
  log_->flush();
}

// It becomes a snapshot of an entry that nobody ever wrote, the same for all founders: so that none
// of them has to fetch it. If a crash comes before the log begins there, the next start does it
// again.
void Shard::import_state(GroupId group) {
  const Birth& birth = beginning_.at(group).birth;
  const raft::Base base{imported_id, birth.founders, {}, imported_id.term};
  snapshots_->take(
      group, base, birth.state(),
      life_.guard([this, group, number = beginning_.at(group).number,
                   base](const Result<void>& taken) { imported(group, number, base, taken); }));
  watch_progress();
}

// Null: it was ended, or the disk failed.
Shard::Beginning* Shard::beginning(GroupId group, std::uint64_t number) {
  const auto found = beginning_.find(group);
  return found == beginning_.end() || found->second.number != number ? nullptr : &found->second;
}

void Shard::imported(GroupId group, std::uint64_t number, const raft::Base& base,
                     const Result<void>& taken) {
  Beginning* const begins = beginning(group, number);
  if (begins == nullptr) return;
  // Nobody can have voted yet: the term is there from the start.
  if (taken) return begin_at(group, base, {imported_id.term, {}, {}, false});
  auto done = std::move(begins->done);
  const Error& error = taken.error();
  beginning_.erase(group);
  if (error.fault == Fault::io) fail(error);
  done(std::unexpected(Error{error.fault, "the state to found the group with: " + error.what}));
}

// The writes of a core have numbers from 1 on.
void Shard::begins_anew(GroupId group, Seq seq) {
  if (seq != Seq{}) return;
  const raft::Found& found = beginning_.at(group).found;
  if (onlooker_ != nullptr) onlooker_->based(group, found.base, found.hard_state);
  based(group);
}

// What its log begins with is on the disk.
void Shard::based(GroupId group) {
  const auto begins = beginning_.find(group);
  if (begins == beginning_.end() || broken_) return;
  const Index log_begins = begins->second.found.base.id.index;
  const std::optional<raft::Base>& place = begins->second.place;
  const raft::Base* const newest = furthest(group);
  if (newest == nullptr) return come_to_life(group, {}, log_begins > Index{});
  if (place && newest == &*place)
    return come_to_life(group, newest->id, newest->id.index < log_begins);
  snapshots_->load(
      group, begins->second.machine->restore(),
      life_.guard([this, group, number = begins->second.number](Result<raft::Base> base) {
        loaded(group, number, std::move(base));
      }));
  watch_progress();
}

void Shard::loaded(GroupId group, std::uint64_t number, Result<raft::Base> base) {
  Beginning* const begins = beginning(group, number);
  if (begins == nullptr) return;
  const Index log_begins = begins->found.base.id.index;
  if (base) {
    if (machine::Durable* durable = begins->machine->durable())
      durable->mark(encode_mark(group, *base));
    return come_to_life(group, base->id, base->id.index < log_begins);
  }
  if (base.error().fault == Fault::io) return fail(base.error());
  // It rotted. The log says which one is wanted; if it goes back to what the machine has, none.
  const std::optional<raft::Base>& place = begins->place;
  const LogId machine = place ? place->id : LogId{};
  come_to_life(group, machine, log_begins > machine.index);
}

void Shard::come_to_life(GroupId group, LogId machine, bool stateless) {
  Beginning begins = std::move(beginning_.extract(group).mapped());
  const raft::Identity identity{.self = options_.self,
                                .cluster = begins.birth.options.cluster,
                                .incarnation = life_of(group),
                                .seed = options_.boot * 0x9e3779b97f4a7c15 + group.value,
                                .memberships = &memberships_};
  const Ticket tickets{(options_.boot << 40) + (++tickets_ << 32)};
  const Manifest* const known = snapshots_->newest(group);
  const LogId newest = known == nullptr ? LogId{} : known->base.id;
  auto& replica = replicas_[group];
  replica = std::make_unique<Replica>(
      group, *desks_, std::move(begins.birth.options),
      Replica::Start{identity, std::move(begins.found), machine, newest, stateless, tickets},
      *begins.machine, replica_hooks_);
  if (const auto& membership = replica->core().memberships().latest().membership) know(*membership);
  if (replica->core().hibernates()) detector_->begin();
  tell(group, GroupStarted{machine, replica->core().outline().last(), stateless});
  replica->begin();
  if (full_) replica->input(raft::Fullness{true});
  tell_of_disk(*replica);
  begins.done(replica.get());
}

}  // namespace bowline::host

// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/lease_keeper.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "bowline/kv/answer.h"
#include "bowline/kv/command.h"

namespace bowline::etcd {
namespace {

constexpr std::size_t revoked_at_once = 100;
constexpr Duration pause =
    std::chrono::milliseconds(50);  // with so many under way, or before again
constexpr std::size_t checkpointed_at_once = 1000;
// The map does not revoke, since the alarm CORRUPT is up: it may be for long.
constexpr Duration refused_pause = std::chrono::seconds(1);

// It is gone, or another one has its id.
bool is_over(const host::Applied& done) {
  const auto answer = done.answer ? kv::decode_answer(*done.answer) : std::nullopt;
  if (!answer) return true;
  return answer->refusal == kv::Refusal::none || answer->refusal == kv::Refusal::lease_not_found ||
         answer->refusal == kv::Refusal::expired_elsewhere;
}

}  // namespace

LeaseKeeper::LeaseKeeper(Here& here)
    : here_(here), clock_(here.machine.leases()), timer_(here.loop.timer([this] { ring(); })) {
  look_at_role();
}

LeaseKeeper::~LeaseKeeper() { here_.loop.drop(timer_); }

// It leads once all that was committed before its term is applied. A read says when: it waits for
// an entry of this term to be committed, and for the machine to come that far. A barrier would not
// do: it only says that the entry is committed, and what a checkpoint of before says of a lease may
// still wait to be applied.
void LeaseKeeper::look_at_role() {
  host::Replica* const replica = here_.quorum.replica();
  const bool leads = replica != nullptr && replica->core().role() == raft::Role::leader;
  const std::uint64_t term = leads ? replica->core().term().value : 0;
  if (term == term_ || (leads && here_.clock.now() < not_before_)) return;
  term_ = term;
  clock_.follow();
  if (!leads) return;
  const auto can_lead = [this, term](const host::ReadOutcome& outcome) {
    if (term != term_) return;
    if (!std::holds_alternative<host::Ready>(outcome)) {
      // Refused at once, perhaps, as during a handover: look again, and not within this turn.
      term_ = 0;
      not_before_ = here_.clock.now() + pause;
      return here_.loop.set(timer_, not_before_);
    }
    clock_.lead(term, here_.clock.now(), here_.settings.election);
    checkpointed_ = here_.clock.now();
    arm();
  };
  replica->read(raft::ReadKind::linearizable, life_.guard(can_lead));
}

void LeaseKeeper::applied() {
  if (!clock_.leads()) return;
  clock_.tick(here_.clock.now());
  arm();
}

void LeaseKeeper::arm() {
  if (!clock_.leads()) return;
  const Time now = here_.clock.now();
  const Time look = checkpointed_ + here_.settings.checkpoints.look;
  Time when = std::min(clock_.deadline(), look);
  if (revoking_ >= revoked_at_once) when = std::max(when, now + pause);
  if (clock_.deadline() < refused_until_) when = std::max(when, std::min(refused_until_, look));
  here_.loop.set(timer_, std::max(when, now));
}

void LeaseKeeper::ring() {
  look_at_role();
  if (!clock_.leads()) return;
  const Time now = here_.clock.now();
  if (revoking_ < revoked_at_once && now >= refused_until_)
    for (const kv::LeaseRevoke& one : clock_.due(now, revoked_at_once - revoking_)) revoke(one);
  if (checkpointed_ + here_.settings.checkpoints.look <= now) checkpoint();
  arm();
}

// Straight to the replica: who does not lead any more has nothing to revoke.
void LeaseKeeper::revoke(kv::LeaseRevoke one) {
  host::Replica* const replica = here_.quorum.replica();
  if (replica == nullptr) return;
  ++revoking_;
  replica->propose(Bytes::own(kv::encode(kv::Command(one))), Term{one.expired_in},
                   life_.guard([this, id = one.id](const host::Outcome& outcome) {
                     --revoking_;
                     const auto* const done = std::get_if<host::Applied>(&outcome);
                     if (done != nullptr && is_over(*done)) ++expired_;
                     if (!clock_.leads() || (done != nullptr && is_over(*done))) return;
                     if (done != nullptr) refused_until_ = here_.clock.now() + refused_pause;
                     clock_.again(id);
                     here_.loop.set(timer_, here_.clock.now() + pause);
                   }));
}

// Where a checkpoint says that it has less, the others hear that it has all of it again, first.
void LeaseKeeper::keep_alive(kv::LeaseId id, env::Done<std::optional<std::int64_t>> told) {
  const std::optional<kv::LeaseClock::Kept> kept = clock_.keep_alive(id, here_.clock.now());
  host::Replica* const replica = here_.quorum.replica();
  if (!kept) return told(0);
  ++renewed_;
  if (!kept->propose_first) return told(kept->ttl);
  kv::LeaseCheckpoint again = clock_.all_again(id);
  const Term term{again.term};
  replica->propose(Bytes::own(kv::encode(kv::Command(std::move(again)))), term,
                   [ttl = kept->ttl, told = std::move(told)](const host::Outcome& outcome) mutable {
                     const bool done = std::holds_alternative<host::Applied>(outcome);
                     told(done ? std::optional(ttl) : std::nullopt);
                   });
}

void LeaseKeeper::checkpoint() {
  checkpointed_ = here_.clock.now();
  const LeaseCheckpoints& wanted = here_.settings.checkpoints;
  kv::LeaseCheckpoint what =
      clock_.checkpoint(checkpointed_, wanted.longer_than, wanted.every, checkpointed_at_once);
  host::Replica* const replica = here_.quorum.replica();
  if (what.left.empty() || replica == nullptr) return;
  const Term term{what.term};
  replica->propose(Bytes::own(kv::encode(kv::Command(std::move(what)))), term,
                   [](const host::Outcome&) {});
}

}  // namespace bowline::etcd

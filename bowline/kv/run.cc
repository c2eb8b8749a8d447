// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/run.h"

#include <algorithm>
#include <expected>
#include <iterator>
#include <utility>

#include "bowline/base/mutant.h"
#include "bowline/kv/answer_weight.h"
#include "bowline/kv/txn_run.h"

namespace bowline::kv {
namespace {

using Outcome = std::expected<Said, Refusal>;

Outcome unless(Refusal refusal, Said said) {
  if (refusal != Refusal::none) return std::unexpected(refusal);
  return said;
}

bool has_alarm(const State& state, Alarm::Kind kind) {
  return std::ranges::any_of(state.alarms, [&](const Alarm& alarm) { return alarm.kind == kind; });
}

bool puts(const Txn& txn);
bool puts(const std::vector<Op>& ops) {
  return std::ranges::any_of(ops, [](const Op& op) {
    if (const auto* txn = std::get_if<Txn>(&op.what)) return puts(*txn);
    return std::holds_alternative<Put>(op.what);
  });
}
bool puts(const Txn& txn) { return puts(txn.success) || puts(txn.failure); }

// May it make the data larger?
bool needs_space(const Command& command) {
  if (const auto* txn = std::get_if<Txn>(&command)) return puts(*txn);
  return std::holds_alternative<Put>(command) || std::holds_alternative<LeaseGrant>(command);
}

Refusal forbidden(const State& state, const Command& command) {
  if (state.alarms.empty() || std::holds_alternative<AlarmChange>(command)) return Refusal::none;
  if (has_alarm(state, Alarm::Kind::corrupt)) return Refusal::corrupt;
  if (has_alarm(state, Alarm::Kind::no_space) && needs_space(command)) return Refusal::no_space;
  return Refusal::none;
}

// One way to carry out each kind of command.
struct Runner {
  Outcome operator()(const Put& put) const {
    Refusal refusal = refused(state, put, Asked::alone);
    if (refusal == Refusal::none) refusal = too_large(state.store, put, state.most_answer);
    if (refusal != Refusal::none) return std::unexpected(refusal);
    return carry_out(state, put);
  }

  Outcome operator()(const DeleteRange& erase) const {
    const Refusal refusal = too_large(state.store, erase, state.most_answer);
    if (refusal != Refusal::none) return std::unexpected(refusal);
    return carry_out(state, erase);
  }

  Outcome operator()(const Txn& txn) const {
    const Path path = path_of(state.store, txn);
    Refusal refusal = refused(state, txn, path);
    if (refusal == Refusal::none) refusal = too_large(state.store, txn, path, state.most_answer);
    if (refusal != Refusal::none) return std::unexpected(refusal);
    return carry_out(state, txn, path);
  }

  Outcome operator()(const Compact& compact) const {
    return unless(state.store.compact(compact.revision), CompactAnswer());
  }

  Outcome operator()(const LeaseGrant& grant) const {
    return unless(state.leases.grant(grant.id, grant.ttl), LeaseGrantAnswer{grant.id, grant.ttl});
  }

  // The keys go in their order, all in one revision.
  Outcome operator()(const LeaseRevoke& revoke) const {
    if (revoke.expired_in != 0 && !is_of_this_term(revoke.expired_in))
      return std::unexpected(Refusal::expired_elsewhere);
    const Lease* const lease = state.leases.find(revoke.id);
    if (lease == nullptr) return std::unexpected(Refusal::lease_not_found);
    if (revoke.tenure != 0 && revoke.tenure != lease->tenure)
      return std::unexpected(Refusal::expired_elsewhere);
    const std::vector<const Key*> keys(lease->keys.begin(), lease->keys.end());
    for (const Key* const key : keys) {
      state.leases.detach(revoke.id, *key);
      state.store.erase(*key->newest);
    }
    state.leases.revoke(revoke.id);
    return LeaseRevokeAnswer();
  }

  Outcome operator()(const LeaseCheckpoint& checkpoint) const {
    if (is_of_this_term(checkpoint.term)) state.leases.checkpoint(checkpoint);
    return LeaseCheckpointAnswer();
  }

  Outcome operator()(const AlarmChange& change) const {
    using enum AlarmChange::Action;
    AlarmAnswer answer;
    if (change.action == raise && change.alarm.kind != Alarm::Kind::none) {
      state.alarms.insert(change.alarm);
      answer.alarms.push_back(change.alarm);
    }
    if (change.action == raise) return answer;
    const auto is_meant = [&](const Alarm& alarm) {
      const bool is_member = change.alarm.member == 0 || change.alarm.member == alarm.member;
      const bool is_kind =
          change.alarm.kind == Alarm::Kind::none || change.alarm.kind == alarm.kind;
      return is_member && is_kind;
    };
    std::ranges::copy_if(state.alarms, std::back_inserter(answer.alarms), is_meant);
    if (change.action == clear) std::erase_if(state.alarms, is_meant);
    return answer;
  }

  bool is_of_this_term(std::uint64_t said) const {
    return said == term || planted(Bug::p44_lease_expires_by_an_old_leader);
  }

  State& state;
  std::uint64_t term;
};

}  // namespace

Answer run(State& state, const Command& command, std::uint64_t term) {
  const Refusal refusal = forbidden(state, command);
  Outcome outcome = std::unexpected(refusal);
  if (refusal == Refusal::none) outcome = std::visit(Runner{state, term}, command);
  state.store.commit();
  Answer answer{.revision = state.store.revision(), .said = {}};
  if (outcome) {
    answer.said = *std::move(outcome);
  } else {
    answer.refusal = outcome.error();
  }
  return answer;
}

}  // namespace bowline::kv

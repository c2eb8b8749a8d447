// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_causes.h"

#include <algorithm>

#include "apps/chaos/etcd_trial.h"

namespace bowline::chaos {
namespace {

using Kind = EtcdCall::Kind;
using Fate = EtcdCall::Fate;

bool may_write(const EtcdCall& call) {
  return call.kind == Kind::put || call.kind == Kind::erase || call.kind == Kind::txn ||
         call.kind == Kind::revoke;
}

}  // namespace

EtcdCauses::EtcdCauses(const EtcdHistory& history, const EtcdPast& past, const EtcdKnown& known,
                       const EtcdLeases& leases)
    : history_(history), past_(past), known_(known), leases_(leases) {
  take_claims();
  if (fault_.empty()) find_suspects();
  for (const auto& [revision, suspects] : suspected_) {
    if (!fault_.empty()) break;
    std::vector<bool> tried(suspects_.size());
    if (!assign(revision, tried))
      fault_ = name_of(revision) +
               " is the work of nobody: no call that may have been done, and no "
               "lease that may have ended, does just that there (I15)";
  }
  count_and_date();
}

// A revocation does not say whether there was something to delete. Where others deleted the last of
// it at the revision that it names, it was nothing.
void EtcdCauses::take_claims() {
  claimed_.resize(static_cast<std::size_t>(past_.last()) + 1);
  for (const EtcdCall& call : history_.calls)
    if (call.fate == Fate::done && says_written(call) && !claim(call)) return;
  for (const EtcdCall& call : history_.calls) {
    if (call.fate != Fate::done || call.kind != Kind::revoke || !call.error.empty()) continue;
    const std::int64_t revision = revision_in(call);
    if (revision <= past_.last() && claimed_[static_cast<std::size_t>(revision)] == nullptr &&
        EtcdTrial(call, past_, revision - 1).writes_all_of(revision))
      claim(call);
  }
}

bool EtcdCauses::claim(const EtcdCall& call) {
  const std::int64_t revision = revision_in(call);
  if (revision > past_.last()) return true;  // etcd_answers.cc complains
  const EtcdCall*& other = claimed_[static_cast<std::size_t>(revision)];
  if (other == nullptr) {
    other = &call;
    return true;
  }
  fault_ = name_of(revision) + " is the work of two calls, of client " +
           std::to_string(other->client) + " and of client " + std::to_string(call.client) +
           " (I15)";
  return false;
}

void EtcdCauses::find_suspects() {
  for (const EtcdCall& call : history_.calls)
    if (call.fate == Fate::unknown && may_write(call))
      suspects_.push_back({&call, 0, std::nullopt});
  for (std::int64_t revision = kv::first_revision + 1; revision <= past_.last(); ++revision)
    if (claimed_[static_cast<std::size_t>(revision)] == nullptr) suspect(revision);
}

void EtcdCauses::suspect(std::int64_t revision) {
  suspected_[revision];
  suspect_lease(revision);
  for (std::size_t i = 0; i < suspects_.size(); ++i)
    if (suspects_[i].call != nullptr && may_have(*suspects_[i].call, revision))
      suspected_[revision].push_back(i);
}

// All keys of one lease went, and nothing else happened.
void EtcdCauses::suspect_lease(std::int64_t revision) {
  const auto writes = past_.writes_at(revision);
  const kv::model::Value* const before = past_.at(revision - 1, writes.front().key);
  if (before == nullptr || before->lease == 0) return;
  const std::vector<std::string> keys = past_.keys_of(before->lease, revision - 1);
  const bool is_that = std::ranges::equal(writes, keys, [](const auto& write, const auto& key) {
    return !write.now && write.key == key;
  });
  if (!is_that || !leases_.was_granted(before->lease) ||
      !leases_.may_expire(before->lease, revision, known_.first(revision), past_))
    return;
  const auto [at, is_new] = suspect_of_.try_emplace(before->lease, suspects_.size());
  if (is_new) suspects_.push_back({nullptr, before->lease, std::nullopt});
  suspected_[revision].push_back(at->second);
}

// The quick questions first.
bool EtcdCauses::may_have(const EtcdCall& call, std::int64_t revision) const {
  if (call.called > known_.first(revision) || known_.before(call.called) >= revision) return false;
  for (const kv::model::Write& write : past_.writes_at(revision))
    if (write.now && (call.kind == Kind::erase || call.kind == Kind::revoke ||
                      !call.request.contains(write.key)))
      return false;
  return EtcdTrial(call, past_, revision - 1).writes_all_of(revision);
}

// Finds one for it, and if need be another one for those that have theirs (Kuhn).
bool EtcdCauses::assign(std::int64_t revision, std::vector<bool>& tried) {
  for (const std::size_t one : suspected_[revision]) {
    if (tried[one]) continue;
    tried[one] = true;
    Suspect& suspect = suspects_[one];
    if (suspect.did && !assign(*suspect.did, tried)) continue;
    suspect.did = revision;
    return true;
  }
  return false;
}

void EtcdCauses::count_and_date() {
  born_.resize(claimed_.size());
  for (std::size_t i = 0; i < claimed_.size(); ++i)
    if (claimed_[i] != nullptr) born_[i] = claimed_[i]->called;
  for (const Suspect& suspect : suspects_) {
    if (!suspect.did) continue;
    ++(suspect.call == nullptr ? expired_ : unknown_done_);
    if (suspect.call != nullptr)
      born_[static_cast<std::size_t>(*suspect.did)] = suspect.call->called;
  }
  for (std::size_t i = 1; i < born_.size(); ++i) born_[i] = std::max(born_[i], born_[i - 1]);
}

}  // namespace bowline::chaos

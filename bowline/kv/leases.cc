// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/leases.h"

#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::kv {

Refusal Leases::grant(LeaseId id, std::int64_t ttl) {
  if (id == 0) return Refusal::malformed;
  const auto [at, is_new] = leases_.try_emplace(id);
  if (!is_new) return Refusal::lease_exists;
  at->second.ttl = ttl;
  if (observer_ != nullptr) observer_->granted(id, at->second);
  return Refusal::none;
}

void Leases::revoke(LeaseId id) {
  const auto at = leases_.find(id);
  ensure(at != leases_.end() && at->second.keys.empty());
  leases_.erase(at);
  if (observer_ != nullptr) observer_->revoked(id);
}

void Leases::checkpoint(const LeaseCheckpoint& checkpoint) {
  for (const LeaseCheckpoint::Left& left : checkpoint.left) {
    const auto at = leases_.find(left.id);
    if (at == leases_.end()) continue;
    at->second.left = left.ttl;
    if (observer_ != nullptr) observer_->checkpointed(left.id, left.ttl);
  }
}

void Leases::attach(LeaseId id, const Key& key) {
  const auto at = leases_.find(id);
  ensure(at != leases_.end());
  at->second.keys.insert(&key);
}

void Leases::detach(LeaseId id, const Key& key) {
  const auto at = leases_.find(id);
  ensure(at != leases_.end() && at->second.keys.erase(&key) == 1);
}

const Lease* Leases::find(LeaseId id) const {
  const auto at = leases_.find(id);
  return at == leases_.end() ? nullptr : &at->second;
}

void Leases::replace(Leases by) {
  leases_ = std::move(by.leases_);
  if (observer_ != nullptr) observer_->replaced();
}

}  // namespace bowline::kv

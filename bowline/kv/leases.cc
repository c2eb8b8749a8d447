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
  at->second.tenure = ++granted_;
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
    if (left.tenure != 0 && left.tenure != at->second.tenure) continue;
    at->second.left = left.ttl;
    if (observer_ != nullptr) observer_->checkpointed(left.id, left.ttl);
  }
}

bool Leases::load(LeaseId id, std::uint64_t tenure, std::int64_t ttl, std::int64_t left) {
  if (id == 0 || tenure == 0 || tenure > granted_) return false;
  const Lease lease{.tenure = tenure, .ttl = ttl, .left = left, .keys = {}};
  return leases_.emplace(id, lease).second;
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
  granted_ = by.granted_;
  if (observer_ != nullptr) observer_->replaced();
}

}  // namespace bowline::kv

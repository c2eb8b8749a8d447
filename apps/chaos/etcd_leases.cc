// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_leases.h"

#include <algorithm>
#include <set>

#include "apps/chaos/etcd_trial.h"
#include "bowline/etcd/errors.h"

namespace bowline::chaos {
namespace {

using Kind = EtcdCall::Kind;
using Fate = EtcdCall::Fate;

Moment end_of(const EtcdCall& call, std::int64_t ttl) {
  return call.called + static_cast<Moment>(ttl) * 1'000'000;
}

std::string name(kv::LeaseId id) { return "lease " + std::to_string(id); }

}  // namespace

EtcdLeases::EtcdLeases(const EtcdHistory& history) {
  for (const EtcdCall& call : history.calls) note(call);
}

void EtcdLeases::note(const EtcdCall& call) {
  if (call.fate == Fate::refused) return;
  const bool is_done = call.fate == Fate::done;
  const bool is_gone = is_done && call.error == etcd::text_of(etcd::Wrong::lease_not_found);
  if (call.kind == Kind::grant) {
    etcdserverpb::LeaseGrantRequest request;
    request.ParseFromString(call.request);
    Lease& lease = leases_[request.id()];
    lease.is_asked_for = true;
    if (!is_done || !call.error.empty()) return;
    etcdserverpb::LeaseGrantResponse response;
    response.ParseFromString(call.response);
    lease.granted = Sight{call.called, call.ended, end_of(call, response.ttl())};
    lease.alive.push_back(*lease.granted);
    return;
  }
  if (call.kind == Kind::keep_alive) {
    etcdserverpb::LeaseKeepAliveRequest request;
    request.ParseFromString(call.request);
    etcdserverpb::LeaseKeepAliveResponse response;
    if (!is_done || !response.ParseFromString(call.response)) return;
    Lease& lease = leases_[request.id()];
    (response.ttl() > 0 ? lease.alive : lease.dead)
        .push_back({call.called, call.ended, end_of(call, response.ttl())});
    return;
  }
  const std::set<kv::LeaseId> all = leases_in(call);
  if (call.kind == Kind::revoke) {
    Lease& lease = leases_[*all.begin()];
    lease.revoked = std::min(lease.revoked.value_or(call.called), call.called);
    if (is_done) lease.dead.push_back({call.called, call.ended, 0});
  } else if (call.kind == Kind::put && !all.empty() && is_done) {
    Lease& lease = leases_[*all.begin()];
    if (call.error.empty()) lease.alive.push_back({call.called, call.ended, 0});
    if (is_gone) lease.dead.push_back({call.called, call.ended, 0});
  } else if (is_gone && all.size() == 1) {
    leases_[*all.begin()].dead.push_back({call.called, call.ended, 0});
  }
}

Moment EtcdLeases::promised(const Lease& lease, Moment moment) {
  Moment until = 0;
  for (const Sight& alive : lease.alive)
    if (alive.called <= moment) until = std::max(until, alive.until);
  return until;
}

bool EtcdLeases::was_granted(kv::LeaseId id) const {
  const auto found = leases_.find(id);
  return found != leases_.end() && found->second.is_asked_for;
}

bool EtcdLeases::may_expire(kv::LeaseId id, std::int64_t revision, Moment seen,
                            const EtcdPast& past) const {
  const auto found = leases_.find(id);
  if (found == leases_.end() || promised(found->second, seen) > seen) return false;
  const auto& writes = past.writes();
  const auto from = writes.begin() + static_cast<std::ptrdiff_t>(past.first_of(revision + 1));
  return std::none_of(from, writes.end(), [id](const kv::model::Write& write) {
    return write.now && write.now->lease == id && write.now->mod == write.main;
  });
}

std::string EtcdLeases::fault() const {
  for (const auto& [id, lease] : leases_) {
    for (const Sight& dead : lease.dead) {
      if (!lease.granted || dead.called < lease.granted->ended) continue;
      const Moment until = promised(lease, dead.ended);
      if (dead.ended < until && lease.revoked.value_or(dead.ended) >= dead.ended)
        return name(id) + " was over " + std::to_string((until - dead.ended) / 1000) +
               " ms before the time that it was promised (I17)";
      for (const Sight& alive : lease.alive)
        if (alive.called > dead.ended) return name(id) + " came back from the dead (I17)";
    }
  }
  return {};
}

}  // namespace bowline::chaos

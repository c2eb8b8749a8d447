// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bowline/env/life.h"
#include "bowline/etcd/here.h"
#include "bowline/kv/lease_clock.h"

namespace bowline::etcd {

// Ends leases in time while this member leads: proposes what the clock of the leases says, and says
// how long they have. On a follower it does nothing.
class LeaseKeeper {
 public:
  explicit LeaseKeeper(Here&);
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  void applied();       // something was: there may be leases that are new
  void look_at_role();  // do we begin or end to lead?

  std::uint64_t renewed() const { return renewed_; }  // by us, ever; and what ended by the clock
  std::uint64_t expired() const { return expired_; }

  // For the leader's part of the service. No: we do not lead, or not well enough to say so.
  bool leads() const { return clock_.leads(); }
  // The seconds that it has from now on; 0: there is no such lease. nullopt: we do not lead any
  // more.
  void keep_alive(kv::LeaseId, env::Done<std::optional<std::int64_t>> told);
  std::optional<std::int64_t> remaining(kv::LeaseId id) const {
    return clock_.remaining(id, here_.clock.now());
  }

 private:
  void ring();
  void revoke(kv::LeaseRevoke);
  void checkpoint();
  void arm();

  Here& here_;
  kv::LeaseClock clock_;
  env::TimerId timer_;
  std::uint64_t term_ = 0;    // in which we lead, or are about to; 0: we do not
  Time not_before_ = {};      // what was refused is not asked for again earlier
  std::size_t revoking_ = 0;  // proposed, and not decided
  Time refused_until_ = {};   // the map was asked in vain to revoke one
  Time checkpointed_;
  std::uint64_t renewed_ = 0;
  std::uint64_t expired_ = 0;
  env::Life life_;
};

}  // namespace bowline::etcd

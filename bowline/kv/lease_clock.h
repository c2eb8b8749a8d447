// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "bowline/base/time.h"
#include "bowline/kv/leases.h"

namespace bowline::kv {

// When leases end, as the leader sees it by its own clock. It ends none: it says what to propose,
// and the lease is there until that is applied. A lease may live longer than promised, never
// shorter: a new leader gives each all of its time again (or what the last checkpoint left), and
// time counts from when it first looked, which is later than the grant.
//
// The node says when it begins and ends to lead, hands in the time, and proposes what comes out. On
// a follower this holds nothing.
class LeaseClock final : public Leases::Observer {
 public:
  // It observes them as long as it lives.
  explicit LeaseClock(Leases&);
  ~LeaseClock();
  LeaseClock(const LeaseClock&) = delete;
  LeaseClock& operator=(const LeaseClock&) = delete;

  // We lead in this term, and all that was committed before is applied. `grace` is added once to
  // each: clients could not keep them alive while nobody led.
  void lead(std::uint64_t term, Time now, Duration grace);
  void follow();
  bool leads() const { return term_ != 0; }

  // Takes note of the leases that were granted since. Call it when something was applied.
  void tick(Time now);
  struct Kept {
    std::int64_t ttl = 0;  // seconds that it has from now on: all of them
    // A checkpoint says that it has less, or may soon. Propose that it has all of it again,
    // all_again(), and answer the client when that is applied: the next leader goes by it.
    bool propose_first = false;
  };
  // nullopt: there is no such lease, or it has expired, although it may not be revoked yet.
  std::optional<Kept> keep_alive(LeaseId, Time now);
  LeaseCheckpoint all_again(LeaseId) const;
  // Whole seconds that are left, as etcd counts them; 0: none, or it has expired and will be
  // revoked. nullopt: there is no such lease.
  std::optional<std::int64_t> remaining(LeaseId, Time now) const;

  // Has it expired, and is to be revoked? Propose these; a lease is named once.
  std::vector<LeaseRevoke> due(Time now, std::size_t most);
  // That was not proposed, or was refused: name it again.
  void again(LeaseId);
  // When due() will have something to say; `never` if nothing.
  Time deadline() const;
  // What is left of those that are longer than `least_ttl` seconds and have no younger checkpoint
  // than `every`. Empty: nothing to propose.
  LeaseCheckpoint checkpoint(Time now, std::int64_t least_ttl, Duration every, std::size_t most);

  void granted(LeaseId, const Lease&) override;
  void revoked(LeaseId) override;
  void checkpointed(LeaseId, std::int64_t left) override;
  void replaced() override;

 private:
  struct Timer {
    Time ends;
    std::int64_t ttl = 0;
    Time checkpointed;   // when we last said what is left of it
    bool due = false;    // was named by due()
    bool less = false;   // a checkpoint may say that it has less than all of its time
    bool again = false;  // it was kept alive since, and that is to be proposed
  };
  void start(LeaseId, const Lease&, Time now, Duration grace);

  Leases& leases_;
  std::uint64_t term_ = 0;  // 0: we do not lead
  std::map<LeaseId, Timer> timers_;
  std::set<std::pair<Time, LeaseId>> queue_;  // those that are not due yet
  std::vector<LeaseId> fresh_;                // granted since the last tick
  bool all_fresh_ = false;                    // the whole state was replaced
};

}  // namespace bowline::kv

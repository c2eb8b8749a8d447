// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "bowline/kv/answer.h"
#include "bowline/kv/request.h"
#include "bowline/kv/version.h"

namespace bowline::kv {

struct ByKey {
  bool operator()(const Key* a, const Key* b) const { return a->view() < b->view(); }
};

// A lease as all replicas know it. When it ends is not among it: that is the leader's to say, see
// LeaseClock.
struct Lease {
  std::uint64_t tenure = 0;          // how many had been granted, with this one
  std::int64_t ttl = 0;              // seconds, as granted
  std::int64_t left = 0;             // at the last checkpoint; 0: all of it
  std::set<const Key*, ByKey> keys;  // attached, in the order in which they are deleted
};

// The leases of the replicated state. They know no time.
class Leases {
 public:
  // Who wants to know which there are. Called from within, so it may only take notes.
  class Observer {
   public:
    virtual void granted(LeaseId, const Lease&) = 0;
    virtual void revoked(LeaseId) = 0;
    virtual void checkpointed(LeaseId, std::int64_t left) = 0;
    virtual void replaced() = 0;  // by those of a snapshot

   protected:
    ~Observer() = default;
  };

  Refusal grant(LeaseId, std::int64_t ttl);
  // The keys must be detached already.
  void revoke(LeaseId);
  void checkpoint(const LeaseCheckpoint&);
  // From a snapshot, in place of grant().
  bool load(LeaseId, std::uint64_t tenure, std::int64_t ttl, std::int64_t left);
  void load_granted(std::uint64_t count) { granted_ = count; }
  void attach(LeaseId, const Key&);  // the lease exists
  void detach(LeaseId, const Key&);

  const Lease* find(LeaseId) const;
  const std::map<LeaseId, Lease>& all() const { return leases_; }
  std::uint64_t granted() const { return granted_; }  // how many, ever

  void observe(Observer* observer) { observer_ = observer; }  // null: nobody any more
  void replace(Leases by);                                    // whoever observes stays

 private:
  std::map<LeaseId, Lease> leases_;
  std::uint64_t granted_ = 0;
  Observer* observer_ = nullptr;
};

}  // namespace bowline::kv

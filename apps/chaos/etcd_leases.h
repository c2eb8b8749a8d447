// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/chaos/etcd_history.h"
#include "apps/chaos/etcd_past.h"
#include "bowline/kv/item.h"

namespace bowline::chaos {

// What clients were told of leases. Nobody gives the id of one to another.
class EtcdLeases {
 public:
  explicit EtcdLeases(const EtcdHistory&);

  bool was_granted(kv::LeaseId) const;  // or may have been
  // Is it the end of a lease that explains the death of keys, at this revision, seen then first?
  bool may_expire(kv::LeaseId, std::int64_t revision, Moment seen, const EtcdPast&) const;
  // What contradicts a promise, or has a lease back from the dead; empty: nothing.
  std::string fault() const;

 private:
  struct Sight {
    Moment called = 0;
    Moment ended = 0;
    Moment until = 0;  // it was promised to live so long
  };
  struct Lease {
    std::optional<Sight> granted;  // if that is known
    bool is_asked_for = false;
    std::optional<Moment> revoked;  // when somebody asked for that first
    std::vector<Sight> alive;
    std::vector<Sight> dead;
  };
  // What was promised to whoever asked before then.
  static Moment promised(const Lease&, Moment);
  void note(const EtcdCall&);

  std::map<kv::LeaseId, Lease> leases_;
};

}  // namespace bowline::chaos

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/chaos/etcd_history.h"
#include "apps/chaos/etcd_known.h"
#include "apps/chaos/etcd_leases.h"
#include "apps/chaos/etcd_past.h"

namespace bowline::chaos {

// Whose work each revision is. Of a call that was done its answer says so. The others are of calls
// of which nobody knows whether they were done, or of leases that ended; each is the work of one,
// each of these does one at most, and it has to be what the model makes of it at that place. Which
// is whose, where more than one fits, is a matching of the two.
class EtcdCauses {
 public:
  EtcdCauses(const EtcdHistory&, const EtcdPast&, const EtcdKnown&, const EtcdLeases&);

  const std::string& fault() const { return fault_; }
  // Nobody can have known of it before.
  Moment born(std::int64_t revision) const { return born_[static_cast<std::size_t>(revision)]; }
  std::size_t unknown_done() const { return unknown_done_; }
  std::size_t expired() const { return expired_; }

 private:
  struct Suspect {  // may have done it
    const EtcdCall* call = nullptr;
    kv::LeaseId lease = 0;  // ended
    std::optional<std::int64_t> did;
  };
  void take_claims();
  bool claim(const EtcdCall&);  // false: somebody else did
  void find_suspects();
  void suspect(std::int64_t revision);
  void suspect_lease(std::int64_t revision);
  bool assign(std::int64_t revision, std::vector<bool>& tried);
  void count_and_date();
  bool may_have(const EtcdCall&, std::int64_t revision) const;

  const EtcdHistory& history_;
  const EtcdPast& past_;
  const EtcdKnown& known_;
  const EtcdLeases& leases_;
  std::string fault_;
  std::vector<const EtcdCall*> claimed_;  // by revision
  std::vector<Suspect> suspects_;
  std::map<kv::LeaseId, std::size_t> suspect_of_;               // that are leases
  std::map<std::int64_t, std::vector<std::size_t>> suspected_;  // of a revision
  std::vector<Moment> born_;                                    // by revision
  std::size_t unknown_done_ = 0, expired_ = 0;
};

}  // namespace bowline::chaos

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "apps/chaos/etcd_causes.h"
#include "apps/chaos/etcd_history.h"
#include "apps/chaos/etcd_known.h"
#include "apps/chaos/etcd_past.h"
#include "bowline/etcd/proto/rpc.pb.h"
#include "bowline/kv/answer.h"

namespace bowline::chaos {

// Whether each answer is right at its place in the record, and its place between its call and its
// end. The header of an answer names the place: after the revision of which it is, and before the
// next. Whoever reads old revisions, and reads of one member alone, are where they say; all others
// see at least what somebody knew when they were called.
class EtcdAnswers {
 public:
  EtcdAnswers(const EtcdHistory&, const EtcdPast&, const EtcdKnown&, const EtcdCauses&);
  // Empty: all are right.
  std::string fault() const;

 private:
  std::string fault_of(const EtcdCall&) const;
  std::string write_fault(const EtcdCall&, std::int64_t revision) const;
  std::string range_fault(const EtcdCall&) const;
  std::string refused_range_fault(const EtcdCall&) const;
  std::string refusal_fault(const EtcdCall&) const;
  std::string place_fault(const EtcdCall&, std::int64_t revision) const;
  std::string lease_fault(const EtcdCall&) const;
  std::int64_t newest_until(Moment) const;
  // The greatest that anybody asked to compact before; 0: nobody did.
  std::int64_t most_compacted(Moment, const EtcdCall* but = nullptr) const;

  const EtcdHistory& history_;
  const EtcdPast& past_;
  const EtcdKnown& known_;
  const EtcdCauses& causes_;
  std::vector<const EtcdCall*> compactions_;
};

}  // namespace bowline::chaos

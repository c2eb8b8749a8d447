// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "bowline/base/ids.h"
#include "bowline/base/time.h"
#include "bowline/env/life.h"
#include "bowline/etcd/here.h"

namespace bowline::etcd {

// Whether the group still counts this member. Nobody calls one that was removed while it was down,
// nor one whose data are of before it was replaced: what is sent to that member is for a later life
// of it. So whoever hears no leader asks the others, and believes those who know of a membership
// that is committed and no older than ours.
class RollCall {
 public:
  struct Verdicts {
    env::Done<> removed;   // the group has no such member; may be left out
    env::Done<> disowned;  // it has one, with other data than ours; may be left out
  };

  RollCall(Here&, Verdicts);
  RollCall(const RollCall&) = delete;
  RollCall& operator=(const RollCall&) = delete;

  void call();     // no leader is heard; asks no more often than an election takes
  void removed();  // it is known by other means. Told once, as is all of this

 private:
  std::string answer(NodeId from) const;
  void heard(const std::string&);

  Here& here_;
  Verdicts verdicts_;
  Time next_{};
  env::Life life_;
};

}  // namespace bowline::etcd

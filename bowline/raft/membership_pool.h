// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

#include "bowline/base/shared_pool.h"
#include "bowline/raft/membership.h"

namespace bowline::raft {

// Thousands of groups of one node mostly have the same few memberships.
class MembershipPool {
 public:
  MembershipPtr share(MembershipPtr);
  std::size_t size() const { return pool_.size(); }

 private:
  SharedPool<Membership> pool_;
};

}  // namespace bowline::raft

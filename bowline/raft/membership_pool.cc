// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/membership_pool.h"

#include <utility>

#include "bowline/raft/membership_codec.h"

namespace bowline::raft {

MembershipPtr MembershipPool::share(MembershipPtr membership) {
  if (!sane(*membership)) return membership;  // of somebody who does not know the members yet
  const Bytes name = encode(*membership);
  return pool_.share(std::move(membership), name.view());
}

}  // namespace bowline::raft

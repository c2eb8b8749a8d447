// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/membership_pool.h"

#include <algorithm>

#include "bowline/raft/membership_codec.h"

namespace bowline::raft {

MembershipPtr MembershipPool::share(MembershipPtr membership) {
  if (!sane(*membership)) return membership;  // of somebody who does not know the members yet
  const Bytes bytes = encode(*membership);
  if (known_.size() >= most_) forget_the_dead();
  std::weak_ptr<const Membership>& known = known_[std::string(bytes.view())];
  if (MembershipPtr shared = known.lock()) return shared;
  known = membership;
  return membership;
}

void MembershipPool::forget_the_dead() {
  std::erase_if(known_, [](const auto& one) { return one.second.expired(); });
  most_ = std::max<std::size_t>(64, 2 * known_.size());
}

}  // namespace bowline::raft

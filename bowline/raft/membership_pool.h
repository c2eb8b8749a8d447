// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "bowline/raft/membership.h"

namespace bowline::raft {

// Thousands of groups of one node mostly have the same few memberships: each of these is kept once,
// for as long as somebody has it.
class MembershipPool {
 public:
  MembershipPtr share(MembershipPtr);
  std::size_t size() const { return known_.size(); }  // some may be gone

 private:
  void forget_the_dead();

  std::map<std::string, std::weak_ptr<const Membership>> known_;  // by their bytes
  std::size_t most_ = 64;                                         // then they are looked through
};

}  // namespace bowline::raft

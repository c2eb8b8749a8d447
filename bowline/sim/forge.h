// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bowline/sim/guard.h"
#include "bowline/sim/hash.h"

namespace bowline::sim {

// For the tests of witnesses: sites without cores, whose disks and minds are made up, and a court
// that only listens.
class Forge : public Court {
 public:
  explicit Forge(std::uint64_t nodes);

  void violated(Violation violation) override { violations_.push_back(std::move(violation)); }
  const Site* site(NodeId id) const override {
    return id.value == 0 || id.value > sites_.size() ? nullptr : &sites_[id.value - 1];
  }
  std::uint64_t sites() const override { return sites_.size(); }
  Time true_time() const override { return now_; }

  Site& node(std::uint64_t id) { return sites_[id - 1]; }
  void wait(Duration duration) { now_ = now_ + duration; }
  raft::MembershipPtr members() const { return members_; }
  // The invariant that was said to be broken first; empty: none.
  std::string broken() const {
    return violations_.empty() ? std::string() : violations_.front().invariant;
  }

  // Each as if the core of that site had said so.
  Mind follower(const Site&, Term, Index commit = {}) const;
  Mind leader(const Site&, Term, Index commit = {}) const;
  static raft::Effects crowned(NodeId, Term);
  raft::Message message(const Site& from, NodeId to, Term, raft::Body) const;

 private:
  std::vector<Site> sites_;
  raft::MembershipPtr members_;
  std::vector<Violation> violations_;
  Time now_;
};

raft::Membership group(std::uint64_t voters);
Incarnation life_of(NodeId);

// One more line at the end; returns the write that would have brought it.
raft::Persist grow(Image&, Term, const std::string& command);
raft::Persist grow(Image&, Term, const raft::Membership&);
void cut(Image&, Index keep);
// Written and durable alike.
raft::Effects grow(Site&, Term, const std::string& command);

}  // namespace bowline::sim

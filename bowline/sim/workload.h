// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bowline/sim/patrons.h"
#include "bowline/sim/world.h"

namespace bowline::sim {

// The clients and the operators of a plan.
class Workload : public Caller {
 public:
  explicit Workload(World&);
  void called(std::uint32_t what) override;
  void stop() { stopped_ = true; }
  Patrons& patrons() { return patrons_; }

 private:
  NodeId target(const Operation&) const;
  void act(const Operation&, NodeId at);
  Duration may_be_old(const Operation&) const;
  void operate(const Operation&, NodeId at);
  void write(const Operation&, NodeId at);
  Bytes value(std::uint64_t size);
  std::vector<Bytes> values(const Operation&);
  void fenced_write(const Operation&, NodeId at);
  void transfer(const Operation&, NodeId at);
  void reconfigure(const Operation&, NodeId at);
  void replace_lost(const Operation&, NodeId at);
  bool wise(const raft::Membership& now, const std::vector<raft::Wanted>& wanted) const;
  void start_those_that_stopped(const std::vector<raft::Wanted>& wanted);

  World& world_;
  Patrons patrons_;
  std::uint64_t written_ = 0;
  bool stopped_ = false;
};

}  // namespace bowline::sim

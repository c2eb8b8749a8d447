// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "bowline/sim/committed.h"
#include "bowline/sim/witness.h"

namespace bowline::sim {

// What one core believes, at one moment. Apart from the core itself, so that a test can forge it.
struct Mind {
  raft::Role role = raft::Role::follower;
  Term term;
  NodeId leader;  // 0: not known
  Index commit;
  bool damaged = false;
  bool asleep = false;
  raft::Config config;                    // the latest of its log
  std::span<const raft::Progress> peers;  // of a leader
};
Mind mind_of(const raft::Core&);

// What most witnesses have in common: they read minds, they report to the court, and they compare
// with what the group has committed.
class Guard : public Witness {
 public:
  explicit Guard(Court& court, std::shared_ptr<const Committed> committed = nullptr)
      : court_(&court), committed_(std::move(committed)) {}

  void stepped(const Site& site, const raft::Input& input, const raft::Effects& effects) final {
    if (site.core != nullptr) saw(site, mind_of(*site.core), input, effects);
  }
  virtual void saw(const Site&, const Mind&, const raft::Input&, const raft::Effects&) {}

 protected:
  void violated(std::string invariant, std::string what) const {
    court_->violated({std::move(invariant), std::move(what)});
  }
  const Court& court() const { return *court_; }
  const Committed& committed() const { return *committed_; }

 private:
  Court* court_;
  std::shared_ptr<const Committed> committed_;
};

// The hash of this log through `index`: none below its base, and past its end.
std::optional<std::uint64_t> prefix_at(const Image&, Index);

// The write of a step, if it had one.
const raft::Persist* write_of(const raft::Effects&);
// True if the step made its core a leader.
bool elected(const raft::Effects&);

// For sentences: "node 3", "term 5", "index 9".
std::string name(NodeId);
std::string name(Term);
std::string name(Index);

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bowline/sim/decisions.h"
#include "bowline/sim/history.h"
#include "bowline/sim/weather.h"
#include "bowline/sim/workload.h"
#include "bowline/sim/world.h"

namespace bowline::sim {

// The end of a history. Some nodes that suffice get well: they are up, they reach each other, and
// nothing fails there any more. The others stay down, or cut off, or half cut off, forever. From
// here on the group owes us that it works (I22): a leader, a write, a read, one state everywhere,
// and then no change of the leader any more.
class Liveness {
 public:
  Liveness(World&, Weather&, Workload&, Decisions&);
  void run();

  Excuse excuse() const { return excuse_; }
  Duration leader_after() const { return leader_after_; }
  Duration level_after() const { return level_after_; }

 private:
  // liveness_core.cc: who gets well
  struct Log;  // what a node could show to others if it came up now
  Log log_of(NodeId) const;
  bool well(NodeId id) const { return (well_ >> id.value & 1) != 0; }
  bool choose();
  struct Leniency {  // what is not asked of a candidate
    bool priority = false;
    bool rot = false;
  };
  bool electable(NodeId, std::uint64_t set, Leniency) const;
  bool viable(std::uint64_t set, Leniency leniency) const;
  bool viable(std::uint64_t set) const { return viable(set, {}); }
  std::int64_t patience() const;  // how many timeouts more
  Excuse why_not(std::uint64_t set) const;
  void heal();
  void heal_node(NodeId);
  void cut_off(NodeId);
  void calm_climate();

  // liveness.cc: what they owe
  bool works();
  bool excused();
  bool leads_well() const;
  Duration backlog() const;
  Duration behind() const;
  bool first_write();
  bool writes(Time last);
  bool works_again(std::int64_t timeouts);
  bool first_read();
  bool level();
  bool settles();
  bool stays();
  bool keeps_quiet(std::uint64_t before);
  bool wakes();
  bool ends();
  bool answers_all();
  bool is_changing() const;
  std::string busy_with(NodeId) const;
  bool side_groups_work();
  bool rests();
  bool calls_end();
  bool outlives_its_leader();
  bool follows_group(NodeId) const;
  bool fail(const std::string& what);

  World& world_;
  Weather& weather_;
  Workload& workload_;
  Chance chance_;
  Duration election_;       // in true time, by the slowest clock
  std::uint64_t well_ = 0;  // a bit for each node
  Time healed_;
  LogId written_;
  std::uint64_t tried_ = 0;
  Excuse excuse_ = Excuse::none;
  Duration leader_after_{0};
  Duration level_after_{0};
};

}  // namespace bowline::sim

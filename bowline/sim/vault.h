// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <deque>
#include <string>

#include "bowline/sim/decisions.h"
#include "bowline/sim/site.h"

namespace bowline::sim {

// The disk of a machine that is durable by itself, as a store without a log of its own has it: each
// mark goes there together with the state that it stands for, and the last ones may be lost.
class Vault {
 public:
  struct Unit {
    std::string mark;   // empty: there is nothing yet
    std::string state;  // all of it
    Machine machine;    // what witnesses see of that
  };

  const Unit& newest() const { return units_.back(); }
  void put(Unit);
  void sync() { units_.erase(units_.begin(), units_.end() - 1); }
  void lose_power(Chance&);  // some of the newest units are gone
  void wipe();

 private:
  static constexpr std::size_t most_unsynced = 6;

  std::deque<Unit> units_{Unit{}};  // the first is synced
};

}  // namespace bowline::sim

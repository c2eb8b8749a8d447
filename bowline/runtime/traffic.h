// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <list>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/runtime/farewells.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/network.h"

namespace bowline::runtime {

class Stream;

// What the connections of a network share. Outlives them.
class Traffic {
 public:
  Traffic(Loop&, const NetworkOptions&);
  ~Traffic();
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  using Place = std::list<Stream*>::iterator;
  Place add(Stream&);
  void remove(Place);

  Loop& loop;
  const NetworkOptions options;
  // One for all: what was received stays there only as long as its connection is told of it.
  std::vector<char> received;
  Farewells farewells;

 private:
  void feel_pulses();

  env::TimerId timer_;          // set, unless there are no streams
  std::list<Stream*> streams_;  // that are not over
};

}  // namespace bowline::runtime

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "bowline/base/ids.h"
#include "bowline/base/time.h"

namespace bowline::host {

// How old the state of a replica can be. It does not go by when somebody was heard: what is heard
// may have been on its way for long, and be of a leader that was replaced. It goes by when this
// replica last asked: a linearizable read of ours proves that all that was committed when it was
// asked for lies within an index.
class Freshness {
 public:
  void proved(Time asked, Index through);
  // Of a state that has this applied, by a clock that runs no more than `drift_permille` too slow.
  // None: nobody can tell.
  std::optional<Duration> age(Index applied, Time now, std::uint32_t drift_permille);

 private:
  struct Proof {
    Time asked;
    Index through;
  };
  std::optional<Proof> reached_;  // the newest that our state fulfils
  std::optional<Proof> newest_;   // not reached yet when we looked last
};

}  // namespace bowline::host

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>

#include "bowline/base/histogram.h"
#include "bowline/base/ids.h"
#include "bowline/base/time.h"
#include "bowline/env/life.h"
#include "bowline/etcd/here.h"

namespace bowline::etcd {

// How long it takes to each other member and back, over the connections that the log takes. A
// member that does not answer is not asked again before it has.
class PeerClock {
 public:
  PeerClock(Here&, Duration every);  // 0: never
  ~PeerClock();
  PeerClock(const PeerClock&) = delete;
  PeerClock& operator=(const PeerClock&) = delete;

  const std::map<NodeId, Histogram>& nanoseconds() const { return nanoseconds_; }

 private:
  void ring();
  void ask(NodeId);

  Here& here_;
  Duration every_;
  env::TimerId timer_;
  std::map<NodeId, std::uint64_t> asked_;  // the errands under way
  std::map<NodeId, Histogram> nanoseconds_;
  env::Life life_;
};

}  // namespace bowline::etcd

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <functional>
#include <map>

#include "bowline/base/ids.h"
#include "bowline/base/time.h"
#include "bowline/env/env.h"

namespace bowline::host {

// Are the other nodes there? One question for each node, in place of one for each group: groups
// that sleep send nothing, and rely on this. A node from which nothing comes is silent; so that
// something comes from a node that has nothing to say, it sends a pulse from its own thread.
class Detector {
 public:
  struct Options {
    Duration pulse = std::chrono::milliseconds(100);
    Duration silence = std::chrono::seconds(1);
  };
  struct Hooks {
    std::move_only_function<void(NodeId)> pulse;   // send it something
    std::move_only_function<void(NodeId)> silent;  // nothing came for too long
    std::move_only_function<void(NodeId)> again;   // it is there again
    // There is a connection, but its version knows no pulse: from its silence nothing follows. May
    // be left out.
    std::move_only_function<bool(NodeId)> says_no_pulse = {};
  };

  Detector(env::Loop&, env::Clock&, Options, Hooks);
  ~Detector();
  Detector(const Detector&) = delete;
  Detector& operator=(const Detector&) = delete;

  void begin();        // until then it watches nobody
  void watch(NodeId);  // from now on
  void forget(NodeId);
  void heard(NodeId);  // anything
  void lost(NodeId);   // somebody knows already
  bool missing(NodeId) const;

 private:
  struct Peer {
    Time heard;
    bool missing = false;
    bool forgotten = false;  // it goes at the next tick: nobody may be looking at it now
  };
  void tick();

  env::Loop& loop_;
  env::Clock& clock_;
  Options options_;
  Hooks hooks_;
  std::map<NodeId, Peer> peers_;
  env::TimerId timer_;
  Time last_tick_;
  bool begun_ = false;
};

}  // namespace bowline::host

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <utility>

#include "bowline/sim/world.h"

namespace bowline::sim {

// What hosts tell their cores of other nodes, in a world that has cores only: who is gone, who is
// back, who started again. Groups that sleep have nothing else. It knows more than a host could,
// but tells no more, and no sooner, than hosts that hear from each other all the time.
class NodeWatch final : public Caller {
 public:
  explicit NodeWatch(World& world) : world_(world) {}
  void begin();
  void called(std::uint32_t) override;

 private:
  struct View {  // of one node at another
    std::uint64_t own_life = 0;
    std::uint64_t life = 0;  // in which it was there last
    Time heard;
    bool missing = false;
    std::uint32_t doubts = 0;  // in a row: it does not lead what sleeps here
  };
  void look(NodeId at, NodeId peer);
  void there(NodeId at, NodeId peer, View&);
  bool waits_for(NodeId at, NodeId peer) const;

  World& world_;
  std::map<std::pair<NodeId, NodeId>, View> views_;
};

}  // namespace bowline::sim

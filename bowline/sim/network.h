// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/raft/message.h"
#include "bowline/sim/decisions.h"
#include "bowline/sim/plan.h"

namespace bowline::sim {

// When the copies of one message arrive. Most often there is one.
struct Fate {
  std::uint8_t copies = 0;
  bool lost = false;
  std::array<Time, 3> at{};
  void add(Time when) { at[copies++] = when; }
};

// The links between the nodes, one for each direction. Knows nothing of what they carry.
class Network {
 public:
  Network(Decisions&, const Climate&, std::uint32_t nodes);

  Fate send(NodeId from, NodeId to, Time now);

  bool cut(NodeId from, NodeId to) const { return link(from, to).cuts > 0; }
  bool joined(NodeId a, NodeId b) const { return !cut(a, b) && !cut(b, a); }
  // Cuts are counted: a link carries again when all who cut it are done.
  void add_cut(NodeId from, NodeId to) { ++link(from, to).cuts; }
  void remove_cut(NodeId from, NodeId to);
  void heal(NodeId from, NodeId to);  // whatever was the matter with it
  void clog(NodeId from, NodeId to, Time until);
  void add_storm(NodeId from, NodeId to, std::uint32_t lost_ppm, Duration slower);
  void remove_storm(NodeId from, NodeId to, std::uint32_t lost_ppm, Duration slower);
  void set_latency(NodeId from, NodeId to, Duration);  // exactly this, from now on
  void calm_down(NodeId from, NodeId to) { link(from, to).calm = true; }  // ideal from now on

 private:
  struct Link {
    explicit Link(Chance source) : chance(std::move(source)) {}
    Chance chance;
    std::uint32_t cuts = 0;
    std::uint32_t lost_ppm = 0;  // beside the climate's
    Duration slower{0};
    Duration exactly{-1};
    Time clogged_until;
    Time last_arrival;
    bool calm = false;
  };
  Link& link(NodeId from, NodeId to) { return links_[(from.value - 1) * nodes_ + (to.value - 1)]; }
  const Link& link(NodeId from, NodeId to) const {
    return links_[(from.value - 1) * nodes_ + (to.value - 1)];
  }
  Time arrival(Link&, Time now);

  const Climate& climate_;
  std::uint32_t nodes_;
  std::vector<Link> links_;
};

// About how many bytes it takes on a wire.
std::uint64_t weight(const raft::Message&);
// Tells it from others; cheap.
std::uint64_t fingerprint(const raft::Message&);

}  // namespace bowline::sim

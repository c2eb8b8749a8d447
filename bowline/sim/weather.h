// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "bowline/sim/world.h"

namespace bowline::sim {

// Brings the troubles of a plan over a world, each at its time, and takes them away again.
class Weather : public Caller {
 public:
  explicit Weather(World&);
  void called(std::uint32_t what) override;
  // What is still going on goes on forever; nothing new begins and nothing ends by itself.
  void freeze() { frozen_ = true; }

 private:
  using Link = std::pair<NodeId, NodeId>;
  struct Running {
    std::vector<Link> cuts;
    std::vector<NodeId> nodes;
    bool begun = false;
  };

  NodeId pick(std::uint32_t number) const { return NodeId{1 + number % world_.sites()}; }
  NodeId peer_of(const Episode&) const;
  Prng dice(const Episode& episode) const { return Prng(episode.amount); }
  void put_off(std::size_t i);
  bool begin(const Episode&, Running&);
  bool begin_links(const Episode&, Running&);
  bool begin_lives(const Episode&, Running&);
  bool begin_disks(const Episode&, Running&);
  bool begin_hints(const Episode&);
  void end(const Episode&, Running&);
  void go_on(const Episode&, Running&, std::uint32_t part);  // of a swizzle
  static std::uint32_t parts_of(const Episode&, const Running&);

  // weather_coup.cc
  bool begin_coup(const Episode&, Running&);
  void overthrow(const Episode&, NodeId old, NodeId other, Prng&);
  void coup_goes_on(const Episode&, const Running&, std::uint32_t part);
  bool begin_mute(const Episode&, Running&);
  void mute_goes_on(const Episode&, const Running&, std::uint32_t part);
  void end_mute(const Running&);

  // weather_ruin.cc
  bool begin_ruin(const Episode&);
  void ruin_goes_on(const Episode&, std::uint32_t part);
  void end_ruin();
  void force();
  void invite_all();

  std::vector<NodeId> shuffled(Prng&) const;
  std::vector<Link> severed(const Episode&) const;
  void storm(const Episode&, bool begins);
  NodeId victim(const Episode&) const;
  bool ambush(const Episode&);
  void down(NodeId, Crash, Running&);
  bool rot(const Episode&);
  static Duration slowness(const Episode&);

  World& world_;
  std::vector<Running> running_;  // along the episodes of the plan
  std::vector<std::uint32_t> downs_;
  bool frozen_ = false;
};

}  // namespace bowline::sim

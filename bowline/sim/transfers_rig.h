// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/host/memory_snapshots.h"
#include "bowline/host/transfers.h"
#include "bowline/sim/disk_life.h"
#include "bowline/sim/snapshots_rig.h"
#include "bowline/sim/stream_rig.h"

namespace bowline::sim {

// Three nodes that have snapshots in memory, give them and fetch them, and do nothing else. The
// network between them is as the test wants it.
class TransfersRig {
 public:
  explicit TransfersRig(host::Transfers::Options options = {}, std::uint32_t piece_bytes = 1 << 20)
      : options_(options), piece_bytes_(piece_bytes) {
    for (std::uint64_t id = 1; id <= StreamRig::nodes; ++id) {
      places_[id - 1] = std::make_unique<Place>(*this, NodeId{id});
      listen({id});
    }
  }
  ~TransfersRig() {
    for (std::uint64_t id = 1; id <= StreamRig::nodes; ++id) streams.loop({id}).clear();
  }
  TransfersRig(const TransfersRig&) = delete;
  TransfersRig& operator=(const TransfersRig&) = delete;

  // The state of so many bytes at an index, on a node.
  void take(NodeId id, GroupId group, std::uint64_t index, std::uint64_t bytes) {
    std::optional<Result<void>> taken;
    act(id, [&](Place& at) {
      at.snapshots.take(group, base_at(index),
                        std::make_unique<StateReader>(state_at(index, bytes)),
                        [&](Result<void> result) { taken = std::move(result); });
    });
    ensure(streams.run_until([&] { return taken.has_value(); }));
    ensure(taken->has_value());
  }
  // What became of it; the first node is the one that offered it.
  using Fetched = std::shared_ptr<std::optional<Result<raft::Base>>>;
  Fetched fetch(NodeId id, GroupId group, std::uint64_t index, const std::vector<NodeId>& from) {
    auto fetched = std::make_shared<std::optional<Result<raft::Base>>>();
    raft::Base base = base_at(index);
    raft::Membership members;
    for (const NodeId member : from)
      members.members.push_back(
          {.id = member, .address = Text(SimulatedNetwork::address_of(member))});
    base.membership = std::make_shared<const raft::Membership>(std::move(members));
    act(id, [&](Place& at) {
      at.transfers.fetch(group, {from.front(), SimulatedNetwork::address_of(from.front())}, base,
                         [fetched](Result<raft::Base> result) { *fetched = std::move(result); });
    });
    return fetched;
  }
  void stop(NodeId id, GroupId group) {
    act(id, [&](Place& at) { at.transfers.stop(group); });
  }
  // All of them are over, and went well.
  bool arrive(const std::vector<Fetched>& all, Duration at_most) {
    const auto over = [](const Fetched& one) { return one->has_value(); };
    return streams.run_until([&] { return std::ranges::all_of(all, over); }, at_most) &&
           std::ranges::all_of(all, [](const Fetched& one) { return (*one)->has_value(); });
  }
  // Each byte takes its time on the way to others, whoever is there.
  void slow_down(std::uint64_t bytes_per_second) {
    constexpr Duration latency = std::chrono::milliseconds(100);
    streams.climate.window_bytes = bytes_per_second * 2 * latency / std::chrono::seconds(1);
    streams.climate.retransmit = std::chrono::milliseconds(900);
    for (std::uint64_t a = 1; a <= StreamRig::nodes; ++a)
      for (std::uint64_t b = 1; b <= StreamRig::nodes; ++b)
        if (a != b) streams.links().set_latency({a}, {b}, latency);
  }

  const host::Transfers& transfers(NodeId id) { return at(id).transfers; }
  host::Fetching::Progress progress(NodeId id, GroupId group) {
    return transfers(id).progress(group).value_or(host::Fetching::Progress{});
  }
  std::uint64_t calls(NodeId id) { return at(id).calls; }  // that it got

  StreamRig streams;

 private:
  struct Place {
    Place(TransfersRig& rig, NodeId id)
        : self(id),
          clock(rig.streams.loop(id)),
          disk(platter, rig.streams.loop(id), rig.chance_, climate),
          env{clock, rig.streams.loop(id), disk},
          snapshots(env, {.piece_bytes = rig.piece_bytes_}),
          transfers(env, rig.streams.network(id), snapshots, hello(), rig.options_,
                    {.given = [](NodeId, const std::set<GroupId>&) {},
                     .why_not = [](NodeId, GroupId) { return std::string(); }}) {}
    wire::Hello hello() const {
      wire::Hello hello;
      hello.self = self;
      hello.disk = {self.value};
      hello.boot = 1;
      hello.purpose = wire::Purpose::snapshots;
      return hello;
    }
    NodeId self;
    ProcessClock clock;
    Platter platter;
    DiskClimate climate;
    SimulatedDisk disk;
    env::Env env;
    host::MemorySnapshots snapshots;
    std::uint64_t calls = 0;
    host::Transfers transfers;
    std::unique_ptr<env::Listener> listener;
    std::map<std::uint64_t, std::unique_ptr<host::Link>> callers;  // that did not say hello yet
  };

  Place& at(NodeId id) { return *places_[id.value - 1]; }
  void act(NodeId id, const std::function<void(Place&)>& what) {
    streams.loop(id).advance(streams.now());
    what(at(id));
    streams.look_at(id);
  }
  void listen(NodeId id) {
    streams.network(id).listen(
        SimulatedNetwork::address_of(id),
        [this, id](std::unique_ptr<env::Connection> connection) {
          called(at(id), std::move(connection));
        },
        [this, id](Result<std::unique_ptr<env::Listener>> listener) {
          at(id).listener = std::move(*listener);
        });
    streams.look_at(id);
    ensure(streams.run_until([&] { return at(id).listener != nullptr; }));
  }
  static void called(Place& at, std::unique_ptr<env::Connection> connection) {
    const std::uint64_t number = ++at.calls;
    auto& link = at.callers[number];
    link = std::make_unique<host::Link>(std::move(connection), at.hello(), wire::most_parcel_bytes);
    link->begin(
        {.agreed = [&at,
                    number] { at.transfers.serve(std::move(at.callers.extract(number).mapped())); },
         .came = [](const wire::Frame&) {},
         .ended = [](const std::string&) {},
         .drained = {}});
  }

  Decisions decisions_{1};
  Chance chance_{decisions_, {.part = Part::disk, .a = 1}};
  host::Transfers::Options options_;
  std::uint32_t piece_bytes_;
  std::array<std::unique_ptr<Place>, StreamRig::nodes> places_;
};

}  // namespace bowline::sim

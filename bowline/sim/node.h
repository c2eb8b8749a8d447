// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "bowline/machine/state_machine.h"
#include "bowline/raft/core.h"
#include "bowline/sim/agenda.h"
#include "bowline/sim/clock.h"
#include "bowline/sim/decisions.h"
#include "bowline/sim/disk.h"
#include "bowline/sim/platter.h"
#include "bowline/sim/process.h"
#include "bowline/sim/site.h"
#include "bowline/sim/whole.h"

namespace bowline::sim {

// Messages that left a node, along the alternatives of raft::Body.
struct Traffic {
  static constexpr std::size_t kinds = std::variant_size_v<raft::Body>;
  std::array<std::uint64_t, kinds> messages{};
  std::array<std::uint64_t, kinds> bytes{};

  std::uint64_t all_messages() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : messages) sum += count;
    return sum;
  }
  std::uint64_t all_bytes() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : bytes) sum += count;
    return sum;
  }
};

// A read that is allowed, once the machine is that far.
struct AllowedRead {
  Ticket ticket;
  Index index;
};

// What the world keeps for one node, beside what the witnesses see.
struct Node {
  Node(Decisions& decisions, NodeId id, Time now, Duration shows, std::int64_t permille)
      : clock(now, shows, permille),
        disk_chance(decisions, {.part = Part::disk, .a = small(id)}),
        courier_chance(decisions, {.part = Part::courier, .a = small(id)}),
        transfer_chance(decisions, {.part = Part::transfer, .a = small(id)}),
        platter_chance(decisions, {.part = Part::disk, .a = small(id), .b = 1}),
        chance(decisions, {.part = Part::node, .a = small(id)}) {
    site.id = id;
  }
  static std::uint8_t small(NodeId id) { return static_cast<std::uint8_t>(id.value); }
  bool up() const { return site.core != nullptr; }

  Site site;
  std::shared_ptr<raft::Core> core;  // that of the site, if it is driven by hand
  Clock clock;
  Chance disk_chance;
  Chance courier_chance;
  Chance transfer_chance;
  Chance platter_chance;
  Chance chance;

  Platter platter;      // its disk
  Vault vault;          // and that of its machine, if that is durable by itself
  Snapshot filed;       // the newest in files of the host; a durable machine may be further
  bool founds = false;  // the disk is to be given the founding membership, once
  std::unique_ptr<machine::StateMachine> guest;  // of this life; null: the notebook will do
  // Null while it is down: what there is of it.
  std::unique_ptr<Process> process;      // if its core is driven by hand
  std::unique_ptr<host::Onlooker> eyes;  // on the next
  std::unique_ptr<Whole> whole;          // if it is a whole node
  Running* running() const { return whole ? static_cast<Running*>(whole.get()) : process.get(); }
  Time process_at = never;      // when the agenda will call its loop
  std::deque<Write> under_way;  // not reported durable yet, oldest first

  Time wake_at = never;  // when the agenda will wake it
  std::uint32_t pauses = 0;
  Time paused_since;
  std::vector<Event> parked;  // what reached it while it was paused
  Time burst_ends;            // it has all that by then
  Duration disk_slower{0};
  std::uint32_t disk_fuller = 0;  // how many troubles fill it
  std::uint64_t rots = 0;         // how often it was hurt
  bool snapshots_rotten = false;  // and it has not noticed yet
  Time struck_until;              // the power fails in the next write before then ...
  Duration struck_for{0};         // ... for so long

  Index apply_through;
  bool apply_due = false;
  std::vector<AllowedRead> reads;
  std::size_t open_from = 0;  // no older request of its waits
  std::optional<Snapshot> taking;
  std::vector<Bytes> journal;  // the commands applied since the start, if somebody wants them

  bool removed = false;  // it was told that it is no member any more
  bool ruined = false;   // its disk is gone, and it stays down until an operator reinstalls it
  ClusterId told;        // by whoever installed it: where it belongs; 0: nothing
  ClusterId forcing;     // it was told to go on alone under this id; not on its disk yet
  wire::Version newest_version =
      wire::newest_version;  // that its program speaks from its next life
  bool asleep = false;       // its replica was, when it was looked at last
  bool counted = false;      // a membership binds this life of it
  Traffic traffic;
};

}  // namespace bowline::sim

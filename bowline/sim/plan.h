// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "bowline/raft/options.h"
#include "bowline/sim/decisions.h"

namespace bowline::sim {

// A time of bad weather. Each can be left out without a change to the others.
enum class Trouble : std::uint8_t {
  cut_one_way,  // a link loses all, in one direction
  cut,          // in both
  partition,    // many links, see Shape
  clog,         // a link holds everything back
  swizzle,      // links clog one after the other, and open in another order
  storm,        // a link loses and delays more than it did
  crash,        // the power of a node fails: what was not synced is lost or torn
  kill,         // the process dies: what was written survives
  blackout,     // the power of all nodes fails at once
  pause,        // a process stands still, and what reaches it piles up
  slow_disk,
  rot,          // entries rot on a disk
  wipe,         // a disk is lost
  suspicion,    // a peer is suspected that is well
  unreachable,  // something is reported lost that was not
  full,         // a disk has no room
  skew,         // a clock changes its rate
  mute,         // a follower's answers are lost, and then the leader is told of it
  coup,         // a leader is cut off, and the others want another one at once
  ruin,         // a majority is gone for good; an operator forces the rest to go on
};
inline constexpr std::size_t troubles = 20;
std::string_view name(Trouble);

enum class Shape : std::uint8_t { halves, isolated, bridge, ring, chain, star, edges };
inline constexpr std::size_t shapes = 7;

struct Episode {
  std::uint32_t id = 0;
  Trouble trouble = Trouble::cut;
  Time at;
  Duration lasts{0};
  std::uint32_t node = 0;  // which: any number, taken modulo what there is
  std::uint32_t peer = 0;
  Shape shape = Shape::halves;
  bool one_way = false;
  std::uint64_t amount = 0;  // how much; each trouble reads it its own way
};

// What a client or an operator asks for.
enum class Act : std::uint8_t {
  write,
  batch,
  fenced_write,  // only in the term that the client knows
  barrier,
  read,
  lease_read,
  verify,
  transfer,
  reconfigure,
  cancel_change,
  replace_lost,  // an operator removes a node that lost its disk, or adds it again
  campaign,
  forget_leader,
  take_snapshot,
};
inline constexpr std::size_t acts = 14;
std::string_view name(Act);

struct Operation {
  std::uint32_t id = 0;
  Act act = Act::write;
  Time at;
  std::uint32_t node = 0;    // 0: whoever leads; else that one, modulo what there is
  std::uint64_t amount = 0;  // how many, how large, which change
};

// What holds all the time. Drawn so that each seed is extreme in its own way.
struct Climate {
  Duration latency_floor{50'000};
  Duration latency{200'000};  // and this much more, in the mean
  bool in_order = true;       // a link delivers in the order of sending
  std::uint32_t lost_ppm = 0;
  std::uint32_t doubled_ppm = 0;
  std::uint32_t late_ppm = 0;  // once more, much later
  Duration late{0};
  std::uint32_t spike_ppm = 0;
  Duration spike{0};
  bool outlives_process = false;  // a message to a process may reach the one that came after it

  Duration sync_floor{20'000};
  Duration sync{100'000};
  std::uint32_t slow_sync_ppm = 0;
  Duration slow_sync{0};
  std::uint32_t failed_write_ppm = 0;  // of those that carry a hard state; the process stops then

  std::uint64_t tail_bytes = 64 << 10;  // entries that a log keeps in memory

  Duration courier{0};
  bool courier_splits = false;
  Duration apply{0};
  Duration wake{0};  // how much too late a deadline is noticed

  bool tells_suspicions = false;
  Duration suspicion{0};
  bool tells_losses = false;
  bool clock_stops_in_pauses = false;

  bool newcomers_know_cluster = false;  // or learn it from whoever adds them

  std::uint64_t snapshot_every = 0;  // entries; 0: never
  std::uint64_t keeps_behind = 0;    // entries left in the log behind a snapshot
  Duration snapshot{1'000'000};
  Duration fetch{5'000'000};
  std::uint32_t fetch_fails_ppm = 0;

  // Of whole nodes only.
  std::uint32_t pieces_ppm = 0;      // of what a connection brings: its rest comes later
  std::uint32_t breaks_ppm = 0;      // of what is sent: the connection breaks
  std::uint32_t flipped_ppm = 0;     // of what is sent: a bit is not what it was
  std::uint32_t piece_bytes = 4096;  // of snapshots
  std::uint64_t snapshot_bytes = 0;  // about as long as this is each
  std::uint32_t most_sessions = 0;   // 0: the bounds that hold unless they are set
  std::uint64_t answer_bytes = 0;    // of all answers that are kept
  Duration session_life{0};
  std::uint32_t old_program_ppm = 0;  // of the starts of a process: it speaks the oldest version
  bool durable_machines = false;      // which keep their state by themselves
  std::uint32_t side_groups = 0;      // on the same nodes, see side_groups.h
};

struct Plan {
  std::uint64_t seed = 0;
  std::uint64_t tie_seed = 0;
  std::uint32_t nodes = 3;   // members from the start
  std::uint32_t spares = 0;  // empty nodes that may be added
  bool whole = false;        // host, wire and connections run, too; else only cores and logs
  bool kv = false;           // of whole nodes: they serve a map, and there is no notebook
  std::vector<std::uint8_t> priorities;      // of the members
  std::vector<std::int32_t> clock_permille;  // of all nodes
  raft::Options options;
  Climate climate;
  Time weather_ends;
  std::vector<Episode> episodes;      // by time
  std::vector<Operation> operations;  // by time
};

struct Settings {
  std::uint32_t nodes = 0;  // 0: drawn
  Duration weather{60'000'000'000};
  bool witnesses = true;
  bool whole = false;
  bool kv = false;  // then whole, too
};

Plan draw_plan(Decisions&, const Settings&);

// Nothing goes wrong, nobody asks for anything: for tests that bring their own troubles.
Plan calm_plan(std::uint32_t nodes, std::uint64_t seed = 1);

}  // namespace bowline::sim

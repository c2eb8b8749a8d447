// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <expected>
#include <string>
#include <string_view>

#include "bowline/sim/recorded.h"

namespace bowline::sim {

// A recorded history as text, one thing a line, so that a person can read and edit it:
//
//   bowline history 1
//   seed 82
//   bug P04
//   breaks I8 the disk of node 2 changed its vote of term 10
//   hash 00f1e2d3c4b5a697
//   shape members=3 spares=0 ties=0 weather_ends=4.5
//   priorities 100 100 100
//   clocks 0 0 0
//   options heartbeat=0.1 election=1 ...
//   climate latency_floor=0.00005 ...
//   trouble id=7 what=crash at=1.25 lasts=0.3 node=1 peer=0 shape=halves one_way=no amount=0
//   operation id=12 what=write at=2 node=0 amount=0
//   drawn
//   draws link 1 2 latency = 0*7 1200345 0*2 90
//   end
//
// Times are in seconds. 0*7 stands for seven calm draws; calm ones at the end are left out, as are
// strands that are all calm. Without the line `drawn`, all draws follow from the seed. What options
// and climate do not name is as it is by default, so that a file outlives fields that come later.
std::string text(const Recorded&);

// Else: which line is wrong, and what about it.
std::expected<Recorded, std::string> parse_history(std::string_view text);

// The draws alone, to hand them to another process.
std::string text(const Recording&);
std::expected<Recording, std::string> parse_recording(std::string_view text);

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bowline/sim/recorded.h"

// Ways to make a recorded history smaller or plainer. None of them knows whether it still breaks
// what it broke: that takes a run.
namespace bowline::sim {

// The weather ends there, and what would begin later is left out.
void end_at(Plan&, Time);

// As if that node, counted from 1, were not there. The ones above it get the next smaller number,
// and what was meant for another node still is.
void leave_out_node(Recorded&, std::uint32_t node);

// The moments at which the plan does something, in order, with its beginning and its end.
std::vector<Time> moments(const Plan&);
// All that is after the `gap`-th moment comes sooner, so that the gap is at most so long.
void close_gap(Plan&, std::size_t gap, Duration at_most);

// Each field of the options, or of the climate, is a number in one row. True: it was not what it is
// on a calm day, and is now.
bool calm_option(Plan&, std::size_t field);
bool calm_climate(Plan&, std::size_t field);
std::size_t option_fields();
std::size_t climate_fields();

// How much is left.
struct Size {
  std::uint32_t nodes = 0;
  std::size_t troubles = 0;
  std::size_t operations = 0;
  std::size_t draws = 0;  // that are not calm
  friend bool operator==(const Size&, const Size&) = default;
};
Size size_of(const Recorded&);

}  // namespace bowline::sim

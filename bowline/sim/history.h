// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/sim/counters.h"
#include "bowline/sim/decisions.h"
#include "bowline/sim/plan.h"
#include "bowline/sim/witness.h"

namespace bowline::sim {

// Why a group was not asked to work again after the weather: whichever nodes come back, none can or
// may be elected, and this is what stands in the way.
enum class Excuse : std::uint8_t {
  none,
  priorities,  // who has a log that can win is told never to lead
  rotten,      // entries are gone from all disks that count
  lost_disks,  // so many members are gone that no majority is left
};
inline constexpr std::size_t excuses = 4;
std::string_view name(Excuse);

// One life of a world, from its first event to its last.
struct History {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;  // of all that happened; equal for equal plans and decisions
  std::optional<Violation> violation;
  Counters counters;
  Duration virtual_time{0};
  Excuse excuse = Excuse::none;
  // After the weather, in true time: until a leader's first write was committed, and until all
  // nodes that work had the same state.
  Duration leader_after{0};
  Duration level_after{0};
};

// Who wants to look on beside the witnesses: a story, a debugger. Made for each history.
using Onlookers = std::function<std::vector<Witness*>(const Court&)>;

History run_plan(const Plan&, const Settings&, Decisions&, const Onlookers& = {});
History run_history(std::uint64_t seed, const Settings&, Decisions* = nullptr,
                    const Onlookers& = {});

// The seed whose history runs in this thread, for those who must name it when all else fails; 0:
// none. A description of its nodes; what it came to so far, and what it drew, if that is recorded.
std::uint64_t running_seed();
std::string describe_running();
History running_history();
Recording running_draws();

}  // namespace bowline::sim

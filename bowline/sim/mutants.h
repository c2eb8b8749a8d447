// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bowline/base/mutant.h"

namespace bowline::sim {

// Where a bug is looked for: in worlds of cores, in worlds of whole nodes, in those that serve the
// map, or by the trials and sweeps of the log on disk.
enum class Ground : std::uint8_t { world, nodes, kv, log };
inline constexpr std::array grounds{Ground::world, Ground::nodes, Ground::kv, Ground::log};
std::string_view name(Ground);
std::optional<Ground> ground_named(std::string_view);

// One of the bugs that we plant, as `./dev mutants` prints it.
struct Mutant {
  Bug bug = Bug::none;
  std::string_view what;      // in words
  std::string_view expected;  // which invariants, or which sweeps, ought to see it
  Ground ground = Ground::world;
};

// All of them, by rising number; the canary, which nobody can miss, is the last.
std::span<const Mutant> mutants();

// "P07"
std::string number_of(Bug);
// By "P07", "p07" or "7". Empty: there is no such bug.
std::optional<Mutant> find_mutant(std::string_view number);

}  // namespace bowline::sim

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "fuzz/targets.h"

// What lies in the log of a map, what its machine answers, and what its snapshots hold.
namespace bowline::fuzz {

inline constexpr std::size_t kv_target_bytes = 4000;

//   a command; what is accepted is carried out
bool eat_commands(std::string_view input);
//   an answer
bool eat_answers(std::string_view input);
//   the records of a snapshot; the head of their block is made here, so that its sum is right
bool eat_maps(std::string_view input);

std::vector<Seed> commands_seeds();
std::vector<Seed> answers_seeds();
std::vector<Seed> maps_seeds();

}  // namespace bowline::fuzz

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "fuzz/targets.h"

// What clients propose to a machine with sessions, what they hear, and what its snapshots hold.
namespace bowline::fuzz {

inline constexpr std::size_t session_target_bytes = 4000;

//   an envelope
bool eat_envelopes(std::string_view input);
//   a reply
bool eat_replies(std::string_view input);
//   piece u8 | a table; the head of the snapshot is made here, so that its sum is right
bool eat_sessions(std::string_view input);

std::vector<Seed> envelopes_seeds();
std::vector<Seed> replies_seeds();
std::vector<Seed> sessions_seeds();

}  // namespace bowline::fuzz

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "fuzz/targets.h"

// What reaches a server that speaks etcd's API by other ways than gRPC, and what its streams are
// asked for.
namespace bowline::fuzz {

inline constexpr std::size_t front_target_bytes = 4000;

//   route u8 | bytes of an answer u8 | the answer | the body that a client sent to that route
bool eat_gateway(std::string_view input);
//   the file of options of `bowline serve`
bool eat_config(std::string_view input);
//   what happens to a stream of watches, piece by piece: u8 | ...
//     0: a write, whose key is the next byte        1: all keys below that byte are erased
//     2: a slice of work      3: the client reads, or not      4: progress      5: a compaction
//     else: so many bytes less 5 of a WatchRequest
bool eat_watches(std::string_view input);

std::vector<Seed> gateway_seeds();
std::vector<Seed> config_seeds();
std::vector<Seed> watches_seeds();

}  // namespace bowline::fuzz

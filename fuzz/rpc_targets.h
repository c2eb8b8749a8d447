// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "fuzz/targets.h"

// What comes from anybody who reaches the port of clients.
namespace bowline::fuzz {

inline constexpr std::size_t rpc_target_bytes = 8000;

//   piece u8 | the bytes of a connection: HTTP/2 with its preface, or HTTP/1.1
// The answers must be the same in pieces of that size as at once; refused: the connection was
// ended, and somebody has to be told why.
bool eat_http1(std::string_view input);
bool eat_http2(std::string_view input);

std::vector<Seed> http1_seeds();
std::vector<Seed> http2_seeds();

}  // namespace bowline::fuzz

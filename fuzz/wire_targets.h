// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/targets.h"

namespace bowline::fuzz {

inline constexpr std::size_t wire_target_bytes = 20'000;

// cluster u8 | from u8 | to u8 | letters. What the connection knows, and the body of a frame; of
// the oldest version, if the first byte has bit 2.
bool eat_letters(std::string_view input);

// piece u8 | 0 u8 | bytes. Or: piece u8 | 1 u8 | (kind u8 | size u16 | body)*, of which frames are
// made here. They come in pieces of so many bytes. 2 more: to a reader of the oldest version.
bool eat_frames(std::string_view input);

// The body of a hello.
bool eat_hello(std::string_view input);

// kind u8 | the body of a frame, of those about snapshots.
bool eat_parcels(std::string_view input);

// kind u8 | the body of a frame: of an ask or an answer.
bool eat_asks(std::string_view input);

std::vector<Seed> letters_seeds();
std::vector<Seed> frames_seeds();
std::vector<Seed> hello_seeds();
std::vector<Seed> parcels_seeds();
std::vector<Seed> asks_seeds();

}  // namespace bowline::fuzz

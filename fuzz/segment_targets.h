// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "bowline/wal/block.h"

namespace bowline::fuzz {

// Of the segments that the targets make.
inline constexpr wal::Place segment_place{11, 2, 0};
inline constexpr std::size_t segment_blocks = 12;
inline constexpr std::size_t segment_target_bytes = 1 + segment_blocks * wal::block_bytes;

// flags u8 | blocks; the rest of the last one is zero.
// 1: the checksums of all blocks that hold something are put right. 2: a next segment follows the
// last batch that there seems to be.
bool eat_segment(std::string_view input);

// flags u8 | (gap u8 | number u8 | payload bytes u16 | table bytes u16 | bad blocks u8 | table)*
// Batches that are laid out and sealed, whatever their tables are. In `number` the top bit says
// that the size in the table is put right. The gap is in blocks and may go back.
bool eat_batches(std::string_view input);

}  // namespace bowline::fuzz

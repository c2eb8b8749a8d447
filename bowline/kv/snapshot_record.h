// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>

namespace bowline::kv {

enum class Record : std::uint8_t { head, lease, alarm, key, version, end };
inline constexpr std::uint8_t records = 6;
inline constexpr std::size_t block_head_bytes = 8;

}  // namespace bowline::kv

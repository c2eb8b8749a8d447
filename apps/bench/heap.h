// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace bowline::bench {

// What this process has allocated with new and not freed, in bytes asked for.
std::int64_t heap_bytes();
std::int64_t heap_blocks();

}  // namespace bowline::bench

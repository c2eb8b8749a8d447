// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace bowline::apps {

// For printf's %llu, whatever std::uint64_t is here.
inline unsigned long long wide(std::uint64_t value) { return value; }

}  // namespace bowline::apps

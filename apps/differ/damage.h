// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

namespace bowline::differ {

// What a broken or a newer client might send instead: cut, flipped, with fields that nobody knows,
// or with known ones of another type. The same seed does the same.
std::string damaged(std::string bytes, std::uint64_t seed);

}  // namespace bowline::differ

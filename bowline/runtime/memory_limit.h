// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

namespace bowline::runtime {

// How much memory this process may use: what the machine has, or less if its control group says
// so. 0: nobody knows.
std::uint64_t memory_limit();

// The same, with the files of /proc and /sys somewhere else.
std::uint64_t memory_limit(const std::string& root);

}  // namespace bowline::runtime

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace bowline::bench {

// How long a log of so many entries takes to open, and to read its files takes without looking at
// them. The files are written first, 64 entries in a write, and so many writes at once.
void measure_recovery(const std::string& directory, std::uint64_t entries, std::size_t waiting,
                      int rounds);

// How long a write takes to be durable, with and without somebody who reads what is old.
void measure_reading(const std::string& directory, int rounds, double seconds);

}  // namespace bowline::bench

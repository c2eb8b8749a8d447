// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace bowline::bench {

// On the loopback, with ports that were free a moment ago.
std::vector<std::string> free_addresses(std::size_t count);

}  // namespace bowline::bench

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace bowline::apps {

std::string count(std::uint64_t number, std::string_view what);  // 1 entry, 2 entries, 3 batches
std::string size(std::uint64_t bytes);                           // 17 bytes, 64.0 MiB

// Bytes of anybody's making, so that they do a terminal no harm: what is not a printable letter of
// ASCII is written \x1b. Cut after so many bytes.
std::string safe(std::string_view bytes, std::size_t most);

}  // namespace bowline::apps

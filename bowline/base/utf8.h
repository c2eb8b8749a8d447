// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string_view>

namespace bowline {

// How many bytes the letter takes that begins here; 0: it is no UTF-8. There is at least one byte.
std::size_t letter_at(std::string_view bytes);

bool is_utf8(std::string_view bytes);

}  // namespace bowline

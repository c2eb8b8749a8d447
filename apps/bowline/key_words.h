// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "bowline/base/result.h"

// Ids and ranges, as people write them.
namespace bowline::apps {

std::string hex_of(std::uint64_t id);
// "1f" to 31. The error is a sentence.
Result<std::uint64_t> id_in(const std::string& text);
// The key after all that begin with this one, as ranges end; all that follow, if there is none.
std::string after_prefix(std::string prefix);

}  // namespace bowline::apps

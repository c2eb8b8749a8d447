// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "bowline/base/result.h"
#include "bowline/etcd/names.h"

// Ids and ranges, as people write them.
namespace bowline::apps {

using etcd::hex_of;
// "1f" to 31. The error is a sentence.
Result<std::uint64_t> id_in(const std::string& text);
// The key after all that begin with this one, as ranges end; all that follow, if there is none.
std::string after_prefix(std::string prefix);

}  // namespace bowline::apps

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "bowline/base/ids.h"
#include "bowline/base/result.h"

namespace bowline::examples::kv {

// `1=127.0.0.1:7101,2=127.0.0.1:7102`, as people give them to the programs.
Result<std::map<NodeId, std::string>> parse_addresses(std::string_view text);

}  // namespace bowline::examples::kv

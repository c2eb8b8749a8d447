// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/result.h"

namespace bowline::apps {

struct ConfigEntry {
  std::string flag;  // "--name"
  std::string value;
  std::size_t line = 0;  // counted from 1
};

// What an etcd's file of options says, as flags. It is YAML, and so may be JSON: keys with a value
// or a list, and the two sections about TLS. The error names the line and says what is not
// understood.
Result<std::vector<ConfigEntry>> config_in(std::string_view text);

}  // namespace bowline::apps

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

// What an etcd's file of options says, as flags. Of YAML it may have what such files do have: a key
// and a value a line, quotes, comments, lists in brackets, and the two sections about TLS. The
// error names the line and says what is not understood.
Result<std::vector<ConfigEntry>> config_in(std::string_view text);

}  // namespace bowline::apps

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/bowline/serve_flags.h"
#include "bowline/base/result.h"

namespace bowline::apps {

using Variables = std::map<std::string, std::string>;

// Those of this process whose names begin with ETCD_, and that are not empty.
Variables etcd_variables();

// "ETCD_DATA_DIR" of "--data-dir".
std::string variable_of(std::string_view flag);

// Flags that were not given take what their variables say. `given`: where `flags` were added, after
// it has parsed. A flag and its variable together are an error, as with etcd. Returns a sentence
// for each variable that is of no flag; what it holds is not told, it may be a secret.
Result<std::vector<std::string>> take_variables(const CLI::App& given, const Variables&,
                                                ServeFlags& flags);

}  // namespace bowline::apps

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "bowline/base/result.h"

// Flags of etcd that start its server here as well, and change nothing: what each is about does not
// exist here, or is always so.
namespace bowline::apps {

struct GivenFlag {
  std::string flag;   // "--wal-dir"
  std::string value;  // empty: without one
};

std::vector<std::string> idle_flags();  // "--wal-dir" and its like

// A sentence for each of those that were given: what is so here instead. None for a value that asks
// for just that. The error is a sentence, too: of a flag that must not be passed over, as whoever
// gave it counts on what it does.
Result<std::vector<std::string>> judge_idle(const std::vector<GivenFlag>&);

}  // namespace bowline::apps

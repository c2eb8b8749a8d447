// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "bowline/sim/exhaustive_replica.h"

namespace bowline::sim::small {

// All that makes up a letter: equal words, equal letters. Only for the kinds of messages that a
// group without snapshots, reads, transfers and damage sends.
std::vector<std::uint64_t> words_of(const Letter&);

}  // namespace bowline::sim::small

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace bowline::bench {

// How long three processes cannot write when their leader is killed, falls silent, or hands over.
void print_failovers(const std::string& directory, int times);

}  // namespace bowline::bench

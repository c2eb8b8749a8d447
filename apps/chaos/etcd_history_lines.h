// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "apps/chaos/etcd_history.h"

namespace bowline::chaos {

// For people who look for what went wrong: a line for each call, by when it was called, and one for
// each word to or of those who watch.
void write_lines(const EtcdHistory&, const std::string& path);

}  // namespace bowline::chaos

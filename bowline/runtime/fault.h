// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "bowline/base/result.h"

namespace bowline::runtime {

// What the kernel answered (an errno) when we tried what `doing` says, e.g. "cannot open /a/b".
Error system_error(int number, const std::string& doing);
// The same for what opens or makes something. If memory was lacking, nothing was done, and it may
// be there later: Fault::full. Of a write nobody could say that.
Error opening_error(int number, const std::string& doing);

}  // namespace bowline::runtime

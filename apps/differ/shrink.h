// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>

#include "apps/differ/step.h"

namespace bowline::differ {

// Do these steps still show the difference?
using Shows = std::function<bool(const Steps&)>;

// As few steps as still show it, and of these as few fields. Asks `shows` at most so often.
Steps shrink(Steps, const Shows& shows, std::size_t most_runs);

}  // namespace bowline::differ
